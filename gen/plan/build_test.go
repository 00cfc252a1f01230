package plan

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

const pumpJSON = `{
  "urn": "urn:com:acme:pump", "name": "Acme \"Pump\"", "description": "circulation pump",
  "attributes": [
    {"name": "speed", "alias": "rpm", "description": "Rotor speed", "type": "INTEGER", "range": "-0.5,3000.5", "writable": true},
    {"name": "running", "type": "BOOLEAN", "defaultValue": false}
  ],
  "actions": [
    {"name": "stop"},
    {"name": "ramp", "argType": "INTEGER", "range": "0,100"},
    {"name": "prime", "alias": "fill", "arguments": [
      {"name": "seconds", "type": "INTEGER", "range": "1,60"}, {"name": "hard", "type": "BOOLEAN", "defaultValue": true}]}
  ],
  "formats": [
    {"urn": "urn:com:acme:pump:overheat", "name": "Overheat", "description": "Motor too hot", "type": "ALERT", "value": {"fields": [
      {"name": "temperature", "optional": false, "type": "NUMBER"}, {"name": "note", "optional": true, "type": "STRING"}]}},
    {"urn": "urn:elsewhere:log", "name": "Log Entry", "type": "DATA", "value": {"fields": [
      {"name": "to", "optional": false, "type": "DATETIME"}, {"name": "from", "optional": false, "type": "DATETIME"}]}}
  ]
}`

func inspect(t testing.TB, text string) *devicemodel.Model {
	t.Helper()
	docs, found := devicemodel.Inspect([]byte(text))
	if len(docs) != 1 || docs[0].Model == nil {
		t.Fatal(found)
	}
	return docs[0].Model
}

func TestBuild(t *testing.T) {
	m := inspect(t, pumpJSON)
	p, found := build(t, Input{}, m)
	if len(found) > 0 {
		t.Error(found)
	}
	const urn = "urn:com:acme:pump"
	fact := func(kind lock.Kind, in, wire, name string) lock.Fact {
		return lock.Fact{URN: urn, Kind: kind, In: in, Wire: wire, Name: name}
	}
	want := &Package{
		URN: urn, Name: "pump", Type: "Pump", Receiver: "p", DisplayName: `Acme "Pump"`, Label: "Acme 'Pump'", Doc: "Circulation pump.",
		Fingerprint: devicemodel.Fingerprint(m),
		Attributes: []Attribute{
			{Name: "Running", Const: "attrRunning", Wire: "running", Label: "running", Type: Type(devicemodel.Boolean),
				Default: &Default{"false", true, "false"}},
			{Name: "Speed", Const: "attrSpeed", Wire: "speed", Alias: "rpm", Label: "speed", Doc: "Rotor speed.",
				Type:  Type(devicemodel.Integer),
				Range: &Range{-0.5, 3000.5, "0", "3000", "0 to 3000"}, Writable: true},
		},
		Actions: []Action{
			{Name: "Prime", Const: "actionPrime", ArgsType: "PrimeArgs", Wire: "prime", Alias: "fill", Label: "prime", Named: true,
				Arguments: []Argument{
					{Name: "Seconds", Param: "seconds", Wire: "seconds", Label: "seconds", Type: Type(devicemodel.Integer),
						Range: &Range{1, 60, "1", "60", "1 to 60"}},
					{Name: "Hard", Param: "hard", Wire: "hard", Label: "hard", Type: Type(devicemodel.Boolean),
						Default: &Default{"true", false, "true"}},
				}},
			{Name: "Ramp", Const: "actionRamp", Wire: "ramp", Label: "ramp", Arguments: []Argument{
				{Name: "Value", Param: "value", Wire: "value", Label: "value", Type: Type(devicemodel.Integer), Range: &Range{0,
					100, "0", "100", "0 to 100"}}}},
			{Name: "Stop", Const: "actionStop", Wire: "stop", Label: "stop", Arguments: []Argument{}},
		},
		Formats: []Format{
			{Kind: Alert, Name: "Overheat", Type: "OverheatAlert", Const: "formatOverheatAlert", URN: urn + ":overheat",
				Label: "Overheat", Description: "Motor too hot",
				Doc: "Motor too hot.", Fields: []Field{
					{Name: "Note", Wire: "note", Label: "note", Type: Type(devicemodel.String), Optional: true},
					{Name: "Temperature", Param: "temperature", Wire: "temperature", Label: "temperature", Type: Type(devicemodel.Number)},
				}},
			{Kind: Data, Name: "LogEntry", Type: "LogEntryData", FieldsType: "LogEntryDataFields", Const: "formatLogEntryData",
				URN: "urn:elsewhere:log", Label: "Log Entry",
				Fields: []Field{
					{Name: "From", Wire: "from", Label: "from", Type: Type(devicemodel.DateTime)},
					{Name: "To", Wire: "to", Label: "to", Type: Type(devicemodel.DateTime)},
				}},
		},
		Files: []string{"actions.go", "alerts.go", "data.go", "device.go", "model.go"},
		Facts: []lock.Fact{
			fact(lock.Package, "", "", "pump"),
			fact(lock.Type, "", "", "Pump"),
			fact(lock.Attribute, "", "running", "Running"), fact(lock.Attribute, "", "speed", "Speed"),
			fact(lock.Action, "", "prime", "Prime"), fact(lock.Action, "", "ramp", "Ramp"), fact(lock.Action, "", "stop", "Stop"),
			fact(lock.Alert, "", urn+":overheat", "Overheat"), fact(lock.Data, "", "urn:elsewhere:log", "LogEntry"),
			fact(lock.Argument, "prime", "hard", "Hard"), fact(lock.Argument, "prime", "seconds", "Seconds"), fact(lock.Argument,
				"ramp", "value", "Value"),
			fact(lock.Field, urn+":overheat", "note", "Note"), fact(lock.Field, urn+":overheat", "temperature", "Temperature"),
			fact(lock.Field, "urn:elsewhere:log", "from", "From"), fact(lock.Field, "urn:elsewhere:log", "to", "To"),
			fact(lock.File, "", "", "pump/actions.go"), fact(lock.File, "", "", "pump/alerts.go"), fact(lock.File, "", "", "pump/data.go"),
			fact(lock.File, "", "", "pump/device.go"), fact(lock.File, "", "", "pump/model.go"),
		},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
}

func TestPlanSurvivesJSON(t *testing.T) {
	p, _, err := Build(Input{Models: []*devicemodel.Model{inspect(t, pumpJSON), model("a-b", "a_b")}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"type":"INTEGER"`) {
		t.Errorf("types are no texts: %s", text)
	}
	var back Plan
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, &back); diff != "" {
		t.Error(diff)
	}
	var typ Type
	if err := typ.UnmarshalText([]byte("INT")); err == nil {
		t.Error("INT is a type")
	}
}

func TestRequiredFields(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields []devicemodel.Field
		params string // "" for a struct
	}{
		{"none", nil, "()"},
		{"one", []devicemodel.Field{{Name: "a", Type: devicemodel.String}}, "(a)"},
		{"two of different types", []devicemodel.Field{{Name: "b", Type: devicemodel.Integer}, {Name: "a",
			Type: devicemodel.Number}}, "(a, b)"},
		{"two of one type", []devicemodel.Field{{Name: "b", Type: devicemodel.Integer}, {Name: "a", Type: devicemodel.Integer}}, ""},
		{"three", []devicemodel.Field{{Name: "b", Type: devicemodel.Integer}, {Name: "a", Type: devicemodel.Number}, {Name: "c",
			Type: devicemodel.String}}, ""},
		{"optional ones do not count", []devicemodel.Field{{Name: "b", Type: devicemodel.Integer, Optional: true}, {Name: "a",
			Type: devicemodel.Integer}}, "(a)"},
		{"names in use", []devicemodel.Field{{Name: "Alert", Type: devicemodel.Integer}, {Name: "t", Type: devicemodel.String}},
			"(alertValue, tValue)"},
		{"a name of the package", []devicemodel.Field{{Name: "formatXAlert", Type: devicemodel.Integer}}, "(formatXAlertValue)"},
		{"two names that become one", []devicemodel.Field{{Name: "a_b", Type: devicemodel.Integer}, {Name: "a-b",
			Type: devicemodel.String}}, "(aB, aB2)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := model()
			m.Formats = []devicemodel.Format{{URN: urn + ":x", Name: "X", Type: devicemodel.Alert, Fields: c.fields}}
			p, _ := build(t, Input{}, m)
			f := p.Formats[0]
			var params []string
			for _, field := range f.Required() {
				params = append(params, field.Param)
			}
			got := "(" + strings.Join(params, ", ") + ")"
			if f.FieldsType != "" {
				got = ""
			}
			if got != c.params {
				t.Errorf("got %q (%s), want %q", got, f.FieldsType, c.params)
			}
			for _, field := range f.Optional() {
				if field.Param != "" {
					t.Errorf("the optional %s is a parameter", field.Wire)
				}
			}
		})
	}
}

func TestBuildRefuses(t *testing.T) {
	twice := model("a")
	twice.Attributes = append(twice.Attributes, twice.Attributes[0])
	typeless := model("a")
	typeless.Attributes[0].Type = 0
	formats := model("alert:a", "data:a")
	formats.Formats[1].URN = formats.Formats[0].URN
	for name, models := range map[string][]*devicemodel.Model{
		"nil": {nil}, "two models of one URN": {model("a"), model("b")}, "two attributes of one name": {twice},
		"no type": {typeless}, "two formats of one URN": {formats},
	} {
		t.Run(name, func(t *testing.T) {
			if p, _, err := Build(Input{Models: models}); err == nil || p != nil {
				t.Errorf("plan %v, error %v", p, err)
			}
		})
	}
}

func TestBuildLeavesTheInputAlone(t *testing.T) {
	in := Input{Models: []*devicemodel.Model{inspect(t, pumpJSON), model("b", "a")}, Lock: new(lock.Lock)}
	before, _ := json.Marshal(in.Models)
	if _, _, err := Build(in); err != nil {
		t.Fatal(err)
	}
	after, _ := json.Marshal(in.Models)
	if string(before) != string(after) || len(in.Lock.URNs()) > 0 {
		t.Error("models or lock were changed")
	}
}

func TestEmptyInput(t *testing.T) {
	p, found, err := Build(Input{})
	if err != nil || len(found) > 0 || len(p.Packages) > 0 {
		t.Errorf("%v, %v, %v", p, found, err)
	}
}

func TestHelpersOfPackage(t *testing.T) {
	p, _ := build(t, Input{}, inspect(t, pumpJSON))
	if !p.Has(Alert) || !p.Has(Data) || !p.Writable() {
		t.Error("alerts, data or writable attributes are missing")
	}
	for i, f := range p.OfKind(Data) {
		if i != 1 || f.Name != "LogEntry" {
			t.Errorf("data %d is %s", i, f.Name)
		}
	}
	empty, _ := build(t, Input{}, model())
	if empty.Has(Alert) || empty.Has(Data) || empty.Writable() || len(empty.Files) != 2 {
		t.Errorf("%+v", empty)
	}
}

func BenchmarkBuild(b *testing.B) {
	names := []string{"speed", "running", "temperature", "left-front-door", "left_front_door", "max threshold", "a", "b", "c", "d",
		"e", "f"}
	in := Input{Models: []*devicemodel.Model{model(names...)}}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Build(in); err != nil {
			b.Fatal(err)
		}
	}
}
