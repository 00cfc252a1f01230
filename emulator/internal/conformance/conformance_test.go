package conformance_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/emulator/internal/conformance"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

const model = `{"urn":"urn:pump","name":"Pump","attributes":[
 {"name":"speed","alias":"rpm","type":"INTEGER","range":"0,3000","writable":true},
 {"name":"flow","type":"NUMBER","range":"0.5,9.5","writable":true},
 {"name":"on","type":"BOOLEAN","writable":true},{"name":"label","type":"STRING","writable":true},
 {"name":"since","type":"DATETIME","writable":true},{"name":"photo","type":"URI","writable":true},{"name":"serial","type":"STRING"}],
 "actions":[{"name":"stop"},{"name":"ramp","alias":"slope","argType":"INTEGER","range":"0,100"},{"name":"at","argType":"DATETIME"},
 {"name":"prime","arguments":[{"name":"seconds","type":"INTEGER","range":"1,60"},{"name":"hard","type":"BOOLEAN","defaultValue":false}]},
 {"name":"wait","arguments":[{"name":"until","type":"DATETIME"}]}],
 "formats":[{"urn":"urn:pump:hot","name":"hot","type":"ALERT","value":{"fields":[
  {"name":"temp","type":"NUMBER","optional":false},{"name":"note","type":"STRING","optional":true}]}},
 {"urn":"urn:elsewhere:log","name":"log","type":"DATA","value":{"fields":[]}}]}`

func fixture(t testing.TB) (*registry.Registry, *registry.Device) {
	t.Helper()
	r := registry.New()
	for _, text := range []string{model, `{"urn":"urn:fan","name":"Fan","attributes":[{"name":"speed","type":"INTEGER"}]}`} {
		m, err := registry.NewModel([]byte(text), 1, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.AddModel(m); err != nil {
			t.Fatal(err)
		}
	}
	draft, err := registry.NewDraft("urn:draft", 1, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddModel(draft); err != nil {
		t.Fatal(err)
	}
	return r, &registry.Device{Models: []string{"urn:oracle:iot:dcd:capability:diagnostics", "urn:pump"}}
}

func Example() {
	r := registry.New()
	m, err := registry.NewModel([]byte(`{"urn":"urn:fan","name":"Fan","attributes":[{"name":"speed","type":"INTEGER","range":"0,9","writable":true}]}`), 0, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := r.AddModel(m); err != nil {
		fmt.Println(err)
		return
	}
	device := &registry.Device{Models: []string{"urn:fan"}}
	message := &wire.Message{Data: &wire.DataPayload{Format: "urn:fan:attributes", Items: []wire.Item{{Name: "speed", Value: wire.IntegerValue(12)}}}}
	fmt.Println(conformance.Message(r, device, message))
	_, err = conformance.Write(m, "speed", []byte(`{"value":"fast"}`))
	fmt.Println(err)
	// Output:
	// [attribute speed is 12, outside of its range 0 to 9]
	// the value does not fit: speed is "fast", not an INTEGER of 32 bits
}

func TestMessage(t *testing.T) {
	r, device := fixture(t)
	for _, test := range []struct {
		name, kind, format, data string
		want                     []string
	}{
		{"all attributes", "DATA", "urn:pump:attributes", `{"speed":0,"flow":9.5,"on":true,"label":"","since":1511805927387,"photo":"http://x","serial":"s"}`, nil},
		{"numbers in Java's forms", "DATA", "urn:pump:attributes", `{"speed":2.0E3,"since":1.511805927387E12,"flow":1}`, nil},
		{"date as ISO text", "DATA", "urn:pump:attributes", `{"since":"2018-01-01T00:00:00.000Z"}`, nil},
		{"out of range", "DATA", "urn:pump:attributes", `{"speed":3001,"flow":0.4}`, []string{"attribute speed is 3001, outside of its range 0 to 3000", "attribute flow is 0.4, outside of its range 0.5 to 9.5"}},
		{"wrong types", "DATA", "urn:pump:attributes", `{"speed":1.5,"flow":"1","on":0,"label":1,"since":"soon","photo":""}`, []string{
			"attribute speed is 1.5, not an INTEGER of 32 bits", `attribute flow is "1", not a NUMBER`, "attribute on is 0, not a BOOLEAN",
			"attribute label is 1, not a STRING", `attribute since is "soon", not a DATETIME (milliseconds since 1970)`, "attribute photo is an empty URI"}},
		{"more than 32 bits", "DATA", "urn:pump:attributes", `{"speed":2147483648}`, []string{"attribute speed is 2147483648, not an INTEGER of 32 bits"}},
		{"null", "DATA", "urn:pump:attributes", `{"speed":null}`, []string{"attribute speed is null"}},
		{"unknown attribute", "DATA", "urn:pump:attributes", `{"x":1}`, []string{"attribute x is not in the device model"}},
		{"alias", "DATA", "urn:pump:attributes", `{"rpm":1}`, []string{"attribute rpm is the alias of speed; messages carry the name"}},
		{"as alert", "ALERT", "urn:pump:attributes", `{"speed":1}`, []string{"attributes are sent as ALERT instead of DATA"}},
		{"model not named at activation", "DATA", "urn:fan:attributes", `{"speed":1}`, []string{"the device did not name the device model urn:fan at its activation"}},
		{"no such model", "DATA", "urn:none:attributes", `{"speed":1}`, []string{"there is no device model urn:none"}},
		{"draft model", "DATA", "urn:draft:attributes", `{"anything":1}`, []string{"the device did not name the device model urn:draft at its activation"}},
		{"alert", "ALERT", "urn:pump:hot", `{"temp":99.5}`, nil},
		{"alert with all fields", "ALERT", "urn:pump:hot", `{"temp":99.5,"note":"x"}`, nil},
		{"mandatory field missing", "ALERT", "urn:pump:hot", `{}`, []string{"field temp is missing"}},
		{"unknown field", "ALERT", "urn:pump:hot", `{"temp":1,"x":1}`, []string{"field x is not in the format"}},
		{"wrong field type", "ALERT", "urn:pump:hot", `{"temp":"hot"}`, []string{`field temp is "hot", not a NUMBER`}},
		{"alert format as data", "DATA", "urn:pump:hot", `{"temp":1}`, []string{"a format of type ALERT is sent as DATA"}},
		{"format with a URN of its own", "DATA", "urn:elsewhere:log", `{}`, nil},
		{"unknown format", "ALERT", "urn:pump:cold", `{}`, []string{"format urn:pump:cold belongs to no device model of the device"}},
		{"system format", "DATA", "urn:oracle:iot:dcd:capability:diagnostics:test_message", `{"current":1,"count":3,"payload":"x"}`, nil},
		{"system format with a field missing", "ALERT", "urn:oracle:iot:dcd:capability:message_dispatcher:overflow", `{"description":"x"}`, []string{"field maxNumMessages is missing"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := conformance.Message(r, device, decode(t, test.kind, test.format, test.data)); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func decode(t testing.TB, kind, format, data string) *wire.Message {
	t.Helper()
	m, err := wire.DecodeMessage(fmt.Appendf(nil, `{"type":%q,"payload":{"format":%q,"severity":"LOW","data":%s}}`, kind, format, data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMessageOfDraft(t *testing.T) {
	r, _ := fixture(t)
	device := &registry.Device{Models: []string{"urn:draft"}}
	for _, format := range []string{"urn:draft:attributes", "urn:draft:anything"} {
		if got := conformance.Message(r, device, decode(t, "DATA", format, `{"x":1}`)); got != nil {
			t.Errorf("%s: %q", format, got)
		}
	}
	if got := conformance.Message(r, device, &wire.Message{Response: &wire.Response{}}); got != nil {
		t.Errorf("a response: %q", got)
	}
}

func TestManyViolations(t *testing.T) {
	r, device := fixture(t)
	var data strings.Builder
	for i := range 200 {
		fmt.Fprintf(&data, `,"x%d%s":1`, i, strings.Repeat("x", 1000))
	}
	got := conformance.Message(r, device, decode(t, "DATA", "urn:pump:attributes", "{"+data.String()[1:]+"}"))
	if len(got) != 20 || len(got[0]) > 200 {
		t.Errorf("%d remarks, the first of %d bytes", len(got), len(got[0]))
	}
}

func TestRequests(t *testing.T) {
	r, _ := fixture(t)
	pump := r.Model("urn:pump")
	write := func(name string) func([]byte) ([]byte, error) {
		return func(body []byte) ([]byte, error) { return conformance.Write(pump, name, body) }
	}
	call := func(name string) func([]byte) ([]byte, error) {
		return func(body []byte) ([]byte, error) { return conformance.Call(pump, name, body) }
	}
	update := func(body []byte) ([]byte, error) { return conformance.Update(pump, body) }
	for _, test := range []struct {
		name  string
		check func([]byte) ([]byte, error)
		body  string
		want  string // "" for the body as it came
		err   error
	}{
		{"write", write("speed"), `{ "value" : 1300 }`, "", nil},
		{"write by alias", write("rpm"), `{"value":1.3E3}`, "", nil},
		{"write ISO date", write("since"), `{"value":"2018-01-01T00:00:00.000Z"}`, `{"value":1514764800000}`, nil},
		{"write date", write("since"), `{"value":1514764800000}`, "", nil},
		{"unknown attribute", write("x"), `{"value":1}`, "", conformance.ErrUnknown},
		{"read-only attribute", write("serial"), `{"value":"x"}`, "", conformance.ErrReadOnly},
		{"out of range", write("speed"), `{"value":-1}`, "", conformance.ErrValue},
		{"wrong type", write("on"), `{"value":"true"}`, "", conformance.ErrValue},
		{"null", write("on"), `{"value":null}`, "", conformance.ErrValue},
		{"object", write("on"), `{"value":{}}`, "", conformance.ErrValue},
		{"no value", write("on"), `{"on":true}`, "", conformance.ErrValue},
		{"no JSON", write("label"), `{"value":"a"b"}`, "", conformance.ErrValue},
		{"empty body", write("label"), ``, "", conformance.ErrValue},
		{"update", update, `{"speed":1,"rpm":2,"label":"x"}`, "", nil},
		{"update with ISO date", update, `{"label":"a\"b","since":"2018-01-01T00:00:00Z","flow":1.50,"on":true}`, `{"label":"a\"b","since":1514764800000,"flow":1.50,"on":true}`, nil},
		{"update of nothing", update, `{}`, "", conformance.ErrValue},
		{"update, one unknown", update, `{"speed":1,"x":2}`, "", conformance.ErrUnknown},
		{"update, one read-only", update, `{"speed":1,"serial":"2"}`, "", conformance.ErrReadOnly},
		{"update, one wrong", update, `{"speed":1,"on":2}`, "", conformance.ErrValue},
		{"update, no object", update, `[1]`, "", conformance.ErrValue},
		{"no argument, no body", call("stop"), ``, `{}`, nil},
		{"no argument, null", call("stop"), `null`, `{}`, nil},
		{"no argument, {}", call("stop"), `{}`, "", nil},
		{"no argument, the Java client's null", call("stop"), `{"value": null}`, "", nil},
		{"one argument", call("ramp"), `{"value":5}`, "", nil},
		{"by alias", call("slope"), `{"value":5}`, "", nil},
		{"one argument out of range", call("ramp"), `{"value":101}`, "", conformance.ErrValue},
		{"one argument missing", call("ramp"), `{}`, "", conformance.ErrValue},
		{"one argument under another name", call("ramp"), `{"x":5}`, "", conformance.ErrValue},
		{"ISO date as argument", call("at"), `{"value":"1970-01-01T00:00:01Z"}`, `{"value":1000}`, nil},
		{"several arguments", call("prime"), `{"seconds":5,"hard":true}`, "", nil},
		{"argument with a default left out", call("prime"), `{"seconds":5}`, "", nil},
		{"argument without a default left out", call("prime"), `{"hard":true}`, "", conformance.ErrValue},
		{"argument too many", call("prime"), `{"seconds":5,"soft":true}`, "", conformance.ErrValue},
		{"value does not stand for one of several", call("prime"), `{"value":5}`, "", conformance.ErrValue},
		{"one named argument", call("wait"), `{"until":"1970-01-01T00:00:01Z"}`, `{"until":1000}`, nil},
		{"one named argument as value", call("wait"), `{"value":1000}`, "", nil},
		{"unknown action", call("x"), `{}`, "", conformance.ErrUnknown},
		{"no JSON for an action", call("ramp"), `{`, "", conformance.ErrValue},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.check([]byte(test.body))
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if want := test.want; err == nil && want != string(got) && (want != "" || string(got) != test.body) {
				t.Errorf("body %s, want %s", got, want)
			}
		})
	}
}

func FuzzRequests(f *testing.F) {
	for _, body := range []string{`{"value":1}`, `{"since":"2018-01-01T00:00:00Z","label":"x"}`, `{"seconds":1,"hard":null}`, `[`} {
		f.Add([]byte(body))
	}
	r, device := fixture(f)
	pump := r.Model("urn:pump")
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, check := range []func() ([]byte, error){
			func() ([]byte, error) { return conformance.Write(pump, "since", body) },
			func() ([]byte, error) { return conformance.Update(pump, body) },
			func() ([]byte, error) { return conformance.Call(pump, "wait", body) },
		} {
			if forwarded, err := check(); err == nil {
				if _, err := wire.DecodeObject(forwarded, nil); err != nil {
					t.Errorf("%s gives %s: %v", body, forwarded, err)
				}
			}
		}
		if m, err := wire.DecodeMessage(body); err == nil {
			conformance.Message(r, device, m)
		}
	})
}

func BenchmarkMessage(b *testing.B) {
	r, device := fixture(b)
	m := decode(b, "DATA", "urn:pump:attributes", `{"speed":12,"flow":1.5,"on":true}`)
	b.ReportAllocs()
	for b.Loop() {
		if conformance.Message(r, device, m) != nil {
			b.Fatal("violation")
		}
	}
}
