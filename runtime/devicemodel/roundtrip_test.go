package devicemodel_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// maker makes random models together with their JSON members.
type maker struct {
	*rand.Rand
	n int
}

type members map[string]any

func (r *maker) chance() bool { return r.IntN(2) == 0 }

func (r *maker) word() string {
	r.n++
	return fmt.Sprintf("%s%d", []string{"speed", "left-door.x_", "V", "ora_", "a~b", "x'!"}[r.IntN(6)], r.n)
}

func (r *maker) text() string {
	return []string{"", "plain", "Größe \"x\"\n\\", "日本", "\u2028</script>", "😀"}[r.IntN(6)]
}

// description puts a random text, or its absence in one of three ways, into m.
func (r *maker) description(m members) string {
	text := r.text()
	switch {
	case text != "" || r.IntN(3) == 0:
		m["description"] = text
	case r.chance():
		m["description"] = nil
	}
	return text
}

func (r *maker) valueType(m members, key string) devicemodel.Type {
	t := devicemodel.Type(1 + r.IntN(6))
	m[key] = t.String()
	return t
}

func (r *maker) valueRange(m members, t devicemodel.Type) *devicemodel.Range {
	if !t.Numeric() || r.chance() {
		if r.chance() {
			m["range"] = nil
		}
		return nil
	}
	v := devicemodel.Range{Low: float64(r.IntN(2000)-1000) / 4, High: 1000 + float64(r.IntN(2000))/4}
	m["range"] = strconv.FormatFloat(v.Low, 'f', -1, 64) + "," + strconv.FormatFloat(v.High, 'E', -1, 64)
	return &v
}

func (r *maker) defaultValue(m members, t devicemodel.Type) *devicemodel.Default {
	if r.chance() {
		return nil
	}
	d := &devicemodel.Default{}
	switch t {
	case devicemodel.Integer:
		d.Integer = 300 + r.Int64N(600) // inside every range above
		m["defaultValue"] = d.Integer
	case devicemodel.DateTime:
		d.Integer = r.Int64N(1 << 53)
		m["defaultValue"] = json.Number(strconv.FormatInt(d.Integer, 10) + ".0")
	case devicemodel.Number:
		d.Number = 300 + 600*r.Float64()
		m["defaultValue"] = d.Number
	case devicemodel.Boolean:
		d.Boolean = r.chance()
		m["defaultValue"] = d.Boolean
	default:
		d.Text = "t" + r.text()
		m["defaultValue"] = d.Text
	}
	return d
}

// alias puts an alias, or one that counts as absent, into m.
func (r *maker) alias(m members, name string) string {
	switch r.IntN(5) {
	case 0:
		m["alias"] = nil
	case 1:
		m["alias"] = ""
	case 2:
		m["alias"] = name
	case 3:
		alias := r.word()
		m["alias"] = alias
		return alias
	}
	return ""
}

func (r *maker) attribute() (devicemodel.Attribute, members) {
	m := members{"name": r.word()}
	a := devicemodel.Attribute{Name: m["name"].(string), Description: r.description(m), Type: r.valueType(m, "type"), Writable: r.chance()}
	a.Alias = r.alias(m, a.Name)
	a.Range = r.valueRange(m, a.Type)
	a.Default = r.defaultValue(m, a.Type)
	if a.Writable || r.chance() {
		m["writable"] = a.Writable
	}
	return a, m
}

func (r *maker) action() (devicemodel.Action, members) {
	m := members{"name": r.word()}
	a := devicemodel.Action{Name: m["name"].(string), Description: r.description(m)}
	a.Alias = r.alias(m, a.Name)
	switch r.IntN(3) {
	case 0:
		t := r.valueType(m, "argType")
		a.Arguments = []devicemodel.Argument{{Name: devicemodel.ArgumentName, Type: t, Range: r.valueRange(m, t)}}
		m["arguments"] = []any{}
	case 1:
		a.Named = true
		var list []any
		for range 1 + r.IntN(3) {
			am := members{"name": r.word()}
			arg := devicemodel.Argument{Name: am["name"].(string), Description: r.description(am), Type: r.valueType(am, "type")}
			arg.Range = r.valueRange(am, arg.Type)
			arg.Default = r.defaultValue(am, arg.Type)
			a.Arguments = append(a.Arguments, arg)
			list = append(list, am)
		}
		m["arguments"] = list
		m["argType"] = nil
	}
	return a, m
}

func (r *maker) format(model string) (devicemodel.Format, members) {
	m := members{"urn": model + ":" + strconv.Itoa(r.n), "name": r.word(), "sourceType": "DEVICE_MODEL"}
	f := devicemodel.Format{URN: m["urn"].(string), Name: m["name"].(string), Description: r.description(m), Type: devicemodel.FormatType(1 + r.IntN(2))}
	m["type"] = f.Type.String()
	fields := []any{}
	for range r.IntN(4) {
		fm := members{"name": r.word()}
		field := devicemodel.Field{Name: fm["name"].(string), Description: r.description(fm), Type: r.valueType(fm, "type"), Optional: r.chance()}
		field.Default = r.defaultValue(fm, field.Type)
		fm["optional"] = field.Optional
		f.Fields = append(f.Fields, field)
		fields = append(fields, fm)
	}
	m["value"] = members{"fields": fields}
	return f, m
}

func (r *maker) model() (*devicemodel.Model, members) {
	m := members{"urn": "urn:x:" + r.word(), "name": "t" + r.text(), "links": nil, "created": r.Int64()}
	model := &devicemodel.Model{URN: m["urn"].(string), Name: m["name"].(string), Description: r.description(m), System: r.chance()}
	m["system"] = model.System
	var attributes, actions, formats []any
	for range r.IntN(5) {
		a, am := r.attribute()
		model.Attributes = append(model.Attributes, a)
		attributes = append(attributes, am)
	}
	for range r.IntN(4) {
		a, am := r.action()
		model.Actions = append(model.Actions, a)
		actions = append(actions, am)
	}
	for range r.IntN(4) {
		f, fm := r.format(model.URN)
		model.Formats = append(model.Formats, f)
		formats = append(formats, fm)
	}
	m["attributes"], m["actions"], m["formats"] = attributes, actions, formats // nil lists become null
	return model, m
}

// Whatever a model holds arrives as it was, through both loaders and without a finding.
func TestRandomModelsArrive(t *testing.T) {
	r := &maker{Rand: rand.New(rand.NewPCG(11, 12))}
	for range 500 {
		want, m := r.model()
		text, err := json.MarshalIndent(m, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		got, warnings, err := devicemodel.Load(text)
		if err != nil || len(warnings) > 0 {
			t.Fatalf("Load: %v, %v\n%s", warnings, err, text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("model (-want +got):\n%s\n%s", diff, text)
		}
		docs, found := devicemodel.Inspect(text)
		if len(docs) != 1 || len(found) > 0 || cmp.Diff(want, docs[0].Model) != "" {
			t.Fatalf("Inspect: %v\n%s", found, text)
		}
		if devicemodel.Fingerprint(want) != devicemodel.Fingerprint(got) {
			t.Fatalf("the fingerprint of the model differs\n%s", text)
		}
	}
}
