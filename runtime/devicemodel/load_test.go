package devicemodel_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestLoadHumiditySensor(t *testing.T) {
	m := mustLoad(t, string(sample(t, humidityURN)))
	percent := &devicemodel.Range{Low: 0, High: 100}
	want := &devicemodel.Model{
		URN: humidityURN, Name: "Humidity Sensor",
		Description: "Measures the relative humidity of a room and raises an alert when it gets too humid.",
		Attributes: []devicemodel.Attribute{
			{Name: "humidity", Description: "Relative humidity, percent.", Type: devicemodel.Integer, Range: percent},
			{Name: "maxThreshold", Description: "Humidity above which the alert is raised, percent.", Type: devicemodel.Integer,
				Range: percent, Default: &devicemodel.Default{Integer: 80}, Writable: true},
		},
		Actions: []devicemodel.Action{
			{Name: "reset", Description: "Clear the recorded extremes and start measuring again."},
			{Name: "calibrate", Description: "Shift all further readings by this offset, percentage points.",
				Arguments: []devicemodel.Argument{{Name: "value", Type: devicemodel.Number, Range: &devicemodel.Range{Low: -5, High: 5}}}},
			{Name: "prime", Description: "Heat the sensing element to drive out condensed water.", Named: true, Arguments: []devicemodel.Argument{
				{Name: "seconds", Description: "How long to heat, seconds.", Type: devicemodel.Integer, Range: &devicemodel.Range{Low: 1, High: 60}},
				{Name: "hard", Description: "Heat at full power; the sensor gives no readings meanwhile.", Type: devicemodel.Boolean, Default: &devicemodel.Default{}},
			}},
		},
		Formats: []devicemodel.Format{{
			URN: humidityURN + ":too_humid", Name: "Too humid", Description: "The humidity is above the threshold.", Type: devicemodel.Alert,
			Fields: []devicemodel.Field{
				{Name: "humidity", Description: "Relative humidity when the alert was raised, percent.", Type: devicemodel.Integer},
				{Name: "note", Description: "Free text of the device, such as the place it was installed.", Type: devicemodel.String, Optional: true},
			},
		}},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("model (-want +got):\n%s", diff)
	}
	if got := m.AttributesURN(); got != humidityURN+":attributes" {
		t.Errorf("AttributesURN() = %q", got)
	}
}

func TestSamplesLoad(t *testing.T) {
	warned := map[string]int{"wetterstation": 4, "container": 1}
	for name, data := range samples(t) {
		t.Run(name, func(t *testing.T) {
			m, warnings, err := devicemodel.Load(data)
			if err != nil {
				t.Fatal(err)
			}
			want := warned[m.URN[strings.LastIndexByte(m.URN, ':')+1:]]
			if len(warnings) != want {
				t.Errorf("%d warnings %v, want %d", len(warnings), warnings, want)
			}
			docs, found := devicemodel.Inspect(data)
			if len(docs) != 1 || docs[0].URN != m.URN || cmp.Diff(found, warnings) != "" {
				t.Fatalf("Inspect: %d documents, %v", len(docs), found)
			}
			if diff := cmp.Diff(m, docs[0].Model); diff != "" {
				t.Errorf("Load and Inspect differ (-load +inspect):\n%s", diff)
			}
			if urn, ok := devicemodel.URNOfFileName(name); !ok || urn != m.URN {
				t.Errorf("the file belongs to %q, the model is %q", urn, m.URN)
			}
		})
	}
}

// The sample models promise to show everything there is.
func TestSamplesShowEverything(t *testing.T) {
	seen := make(map[string]bool)
	for _, data := range samples(t) {
		m := mustLoad(t, string(data))
		for _, a := range m.Attributes {
			seen["attribute "+a.Type.String()] = true
			seen["default "+a.Type.String()] = seen["default "+a.Type.String()] || a.Default != nil
			seen["writable"] = seen["writable"] || a.Writable
			seen["alias"] = seen["alias"] || a.Alias != ""
			if a.Range != nil {
				seen["negative range"] = seen["negative range"] || a.Range.Low < 0
				seen["fractional range"] = seen["fractional range"] || a.Range.High != float64(int64(a.Range.High))
			}
		}
		for _, a := range m.Actions {
			seen["arguments "+string(rune('0'+min(len(a.Arguments), 2)))] = true
			for _, arg := range a.Arguments {
				form := map[bool]string{false: "older ", true: "newer "}[a.Named]
				seen[form+arg.Type.String()] = true
			}
		}
		for _, f := range m.Formats {
			seen[f.Type.String()] = true
			seen["bare "+f.Type.String()] = seen["bare "+f.Type.String()] || len(f.Fields) == 0
			for _, field := range f.Fields {
				seen["field "+field.Type.String()] = true
				seen["optional"] = seen["optional"] || field.Optional
			}
		}
		seen["no attributes"] = seen["no attributes"] || len(m.Attributes) == 0
		seen["no formats"] = seen["no formats"] || len(m.Formats) == 0
		seen["200 attributes"] = seen["200 attributes"] || len(m.Attributes) == 200
	}
	wanted := []string{"writable", "alias", "negative range", "fractional range", "arguments 0", "arguments 1", "arguments 2", "optional",
		"DATA", "ALERT", "bare DATA", "bare ALERT", "no attributes", "no formats", "200 attributes"}
	for typ := devicemodel.String; typ <= devicemodel.URI; typ++ {
		for _, what := range []string{"attribute ", "default ", "older ", "newer ", "field "} {
			wanted = append(wanted, what+typ.String())
		}
	}
	for _, w := range wanted {
		if !seen[w] {
			t.Errorf("no sample model shows: %s", w)
		}
	}
}

func TestLoadKeepsNothingOfInput(t *testing.T) {
	data := []byte(withAttributes(`{"name":"speed","alias":"v","description":"fast","type":"STRING","defaultValue":"x"}`))
	m, _, err := devicemodel.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	a := m.Attributes[0]
	if m.URN != "urn:x:m" || a.Name != "speed" || a.Alias != "v" || a.Description != "fast" || a.Default.Text != "x" {
		t.Errorf("the model changed with the input: %+v", a)
	}
}

func TestLoadDraft(t *testing.T) {
	text := withMembers(`"draft":true,"attributes":[],"actions":[],"formats":[]`)
	m, warnings, err := devicemodel.Load([]byte(text))
	if m != nil || warnings != nil || !errors.Is(err, devicemodel.ErrDraft) || errors.Is(err, devicemodel.ErrInvalid) {
		t.Errorf("Load: %v, %v, %v", m, warnings, err)
	}
	if m := mustLoad(t, text, devicemodel.AllowDrafts()); !m.Draft {
		t.Error("the draft flag is lost")
	}
}

func TestLoadByteOrderMark(t *testing.T) {
	const mark = "\xef\xbb\xbf"
	if m := mustLoad(t, mark+`{"urn":"urn:x:m","name":"M"}`); m.URN != "urn:x:m" {
		t.Errorf("model %+v", m)
	}
	check(t, mark+withAttributes(`{"name":"a","type":"X"}`), want{"MODEL", "/attributes/0/type", "no type", fail, fail})
}

func TestLoadOneModelOnly(t *testing.T) {
	for text, part := range map[string]string{
		`[{"urn":"urn:x","name":"M"}]`: "found a list where a device model was expected",
		`"urn:x"`:                      "found a text where",
		`5`:                            "found a number where",
		`null`:                         "found null where",
		`true`:                         "found true or false where",
	} {
		_, _, err := devicemodel.Load([]byte(text))
		if !errors.Is(err, devicemodel.ErrInvalid) || !strings.Contains(err.Error(), part) {
			t.Errorf("Load(%s): %v", text, err)
		}
	}
}

func TestLoadErrorTellsAll(t *testing.T) {
	text := `{"urn":"com:x","name":"M","draft":true,"attributes":[{"name":"a","type":"X"},{"name":"a","type":"URI"}]}`
	_, _, err := devicemodel.Load([]byte(text))
	var le *devicemodel.LoadError
	if !errors.As(err, &le) {
		t.Fatalf("error %T", err)
	}
	if le.URN != "com:x" || len(le.Findings) != 4 || le.Findings[0].Level != warn {
		t.Errorf("error %+v", le)
	}
	for i := 1; i < len(le.Findings); i++ {
		if le.Findings[i-1].Offset > le.Findings[i].Offset {
			t.Errorf("findings are not in the order of the text: %v", le.Findings)
		}
	}
	if !errors.Is(err, devicemodel.ErrDraft) || !errors.Is(err, devicemodel.ErrInvalid) || errors.Is(err, devicemodel.ErrSyntax) {
		t.Errorf("sentinels of %v", le.Unwrap())
	}
	if got, want := err.Error(), `device model com:x: error at /draft (byte 34): the model is a draft`; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "(and 2 more)") {
		t.Errorf("error text %q", got)
	}
	if got := (&devicemodel.LoadError{}).Error(); got != "device model" {
		t.Errorf("empty error %q", got)
	}
}

func TestAsError(t *testing.T) {
	_, found := devicemodel.Inspect([]byte(withMembers(`"formats":{"links":[]}`)))
	if err := devicemodel.AsError("urn:x:m", found); !errors.Is(err, devicemodel.ErrNotExpanded) || errors.Is(err, devicemodel.ErrInvalid) {
		t.Errorf("AsError: %v", err)
	}
	_, found = devicemodel.Inspect([]byte(`{"urn":"x","name":"M"}`))
	if err := devicemodel.AsError("x", found); len(found) != 1 || err != nil {
		t.Errorf("AsError of a warning: %v", err)
	}
}

func TestLoadActionForms(t *testing.T) {
	m := mustLoad(t, withActions(`{"name":"none"}`, `{"name":"older","argType":"STRING","arguments":null}`,
		`{"name":"one","arguments":[{"name":"value","type":"STRING"}]}`,
		`{"name":"three","arguments":[{"name":"c","type":"URI"},{"name":"a","type":"URI"},{"name":"b","type":"URI"}]}`))
	type form struct {
		named bool
		names string
	}
	want := []form{{false, ""}, {false, "value"}, {true, "value"}, {true, "c a b"}}
	for i, a := range m.Actions {
		var names []string
		for _, arg := range a.Arguments {
			names = append(names, arg.Name)
		}
		if got := (form{a.Named, strings.Join(names, " ")}); got != want[i] {
			t.Errorf("%s: %+v, want %+v", a.Name, got, want[i])
		}
	}
}

func TestLoadTolerates(t *testing.T) {
	m := mustLoad(t, withFields(`{"name":"a","type":"URI"}`))
	if m.Formats[0].Fields[0].Optional {
		t.Error("a field without \"optional\" is optional")
	}
	for _, formats := range []string{`{"links":[]}`, `{}`, `"x"`, `null`} {
		if m := mustLoad(t, withMembers(`"formats":`+formats)); m.Formats != nil {
			t.Errorf("formats %s give %v", formats, m.Formats)
		}
	}
	m = mustLoad(t, withAttributes(`{"name":"a","alias":"a","type":"URI"}`, `{"name":"b","alias":"c","type":"URI"}`, `{"name":"c","alias":"d","type":"URI"}`))
	if m.Attributes[0].Alias != "" || m.Attributes[1].Alias != "" || m.Attributes[2].Alias != "d" {
		t.Errorf("aliases %+v", m.Attributes)
	}
}
