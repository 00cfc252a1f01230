package device_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
)

const (
	plantURN = "urn:com:example:iot:plant"
	endpoint = "0-AB"
)

// Indexes of the attributes of plant.
const (
	attrLevel = iota
	attrMode
	attrOn
	attrPicture
	attrSince
	attrSpeed
	attrTarget
)

const (
	formatHot = iota
	formatReport
	formatBare
)

// plant is a model with every type, written the way generated code writes it.
var plant = device.Model{
	URN: plantURN, Name: "Plant",
	Attributes: []device.Attribute{
		{Name: "level", Type: device.TypeNumber, Range: &device.Range{Low: -1.5, High: 99.5}, Default: &device.Default{Number: 2.5}, Writable: true},
		{Name: "mode", Type: device.TypeString, Writable: true},
		{Name: "on", Type: device.TypeBoolean, Writable: true},
		{Name: "picture", Type: device.TypeURI, Writable: true},
		{Name: "since", Type: device.TypeDateTime, Writable: true},
		{Name: "speed", Alias: "rpm", Type: device.TypeInteger, Range: &device.Range{Low: 0, High: 3000}},
		{Name: "target", Alias: "goal", Type: device.TypeInteger, Range: &device.Range{Low: 0, High: 100}, Default: &device.Default{Integer: 7}, Writable: true},
	},
	Actions: []device.Action{
		{Name: "book", Named: true, Arguments: []device.Argument{
			{Name: "at", Type: device.TypeDateTime},
			{Name: "by", Type: device.TypeString, Default: &device.Default{Text: "nobody"}},
			{Name: "seats", Type: device.TypeInteger, Range: &device.Range{Low: 1, High: 4}, Default: &device.Default{Integer: 2}},
		}},
		{Name: "dim", Named: true, Arguments: []device.Argument{{Name: "percent", Type: device.TypeNumber, Range: &device.Range{Low: 0, High: 100}}}},
		{Name: "ramp", Alias: "slope", Arguments: []device.Argument{{Name: "value", Type: device.TypeInteger, Range: &device.Range{Low: 0, High: 100}}}},
		{Name: "stop"},
	},
	Formats: []device.Format{
		{URN: plantURN + ":hot", Description: "Too hot", Type: device.FormatAlert, Fields: []device.Field{
			{Name: "note", Type: device.TypeString, Optional: true},
			{Name: "temperature", Type: device.TypeNumber},
		}},
		{URN: "urn:elsewhere:report", Type: device.FormatData, Fields: []device.Field{
			{Name: "count", Type: device.TypeInteger, Optional: true},
			{Name: "when", Type: device.TypeDateTime, Optional: true},
			{Name: "where", Type: device.TypeURI, Optional: true},
			{Name: "whole", Type: device.TypeBoolean, Optional: true},
		}},
		{URN: plantURN + ":bare", Type: device.FormatAlert},
	},
}

// generated stands for a generated type.
type generated struct{ device.Binding }

// start returns a plant on a new client whose clock stands still.
func start(t testing.TB, opts ...device.VirtualOption) (*devicetest.Client, generated) {
	t.Helper()
	c := devicetest.New()
	c.SetNow(time.UnixMilli(1_511_805_927_387))
	b, err := device.Bind(c, endpoint, &plant, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c, generated{b}
}

// values returns what a message carries, as Go values by name.
func values(m devicetest.Message) map[string]any {
	got := make(map[string]any)
	for _, v := range m.Values {
		got[v.Name] = v.Value
	}
	return got
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func uri(t testing.TB, text string) device.URI {
	t.Helper()
	u, err := device.ExternalURI(text)
	must(t, err)
	return u
}

// byName gives a plain virtual device the method of generated types.
type byName struct{ v *device.Virtual }

func (b byName) Virtual() *device.Virtual { return b.v }

// lockedBuffer takes a log from several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
