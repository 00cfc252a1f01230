package devicemodel_test

import (
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

const (
	none = devicemodel.Level(0)
	warn = devicemodel.Warning
	fail = devicemodel.Error
)

func TestRuleCases(t *testing.T) {
	tests := []struct {
		name string
		text string
		want want
	}{
		{"M01 same name", withAttributes(`{"name":"a","type":"INTEGER"}`, `{"name":"b","type":"INTEGER"}`, `{"name":"a","type":"NUMBER"}`),
			want{"M01", "/attributes/2/name", `attribute "a" has the same name as the one at /attributes/0`, fail, fail}},
		{"M01 same name by escape", withAttributes(`{"name":"a","type":"INTEGER"}`, `{"name":"\u0061","type":"NUMBER"}`),
			want{"M01", "/attributes/1/name", "same name", fail, fail}},
		{"M01 case differs", withAttributes(`{"name":"a","type":"INTEGER"}`, `{"name":"A","type":"NUMBER"}`), want{}},
		{"M02 same name", withActions(`{"name":"a"}`, `{"name":"a","argType":"URI"}`),
			want{"M02", "/actions/1/name", "same name", fail, fail}},
		{"M02 attribute and action of one name", withMembers(`"attributes":[{"name":"a","type":"URI"}],"actions":[{"name":"a"}]`),
			want{}},
		{"M03 same name", withArguments(`{"name":"a","type":"URI"}`, `{"name":"a","type":"URI"}`),
			want{"M03", "/actions/0/arguments/1/name", `argument "a" of action "act" has the same name`, fail, fail}},
		{"M03 in two actions", withActions(`{"name":"x","arguments":[{"name":"a","type":"URI"}]}`, `{"name":"y","arguments":[{"name":"a","type":"URI"}]}`),
			want{}},
		{"M04 same urn", withFormats(`{"urn":"urn:x:m:f","name":"F","type":"DATA","value":{"fields":[]}}`, `{"urn":"urn:x:m:f","name":"G","type":"ALERT","value":{"fields":[]}}`),
			want{"M04", "/formats/1/urn", `format "G" has the same urn as the one at /formats/0`, fail, fail}},
		{"M04 attribute format", withFormats(`{"urn":"urn:x:m:attributes","name":"F","type":"DATA","value":{"fields":[]}}`),
			want{"M04", "/formats/0/urn", "attribute values travel", fail, fail}},
		{"M05 same name", withFields(`{"name":"a","type":"URI","optional":true}`, `{"name":"a","type":"URI","optional":true}`),
			want{"M05", "/formats/0/value/fields/1/name", `field "a" of format "F" has the same name`, fail, fail}},
		{"M06 reversed", withAttributes(`{"name":"a","type":"NUMBER","range":"100,0"}`),
			want{"M06", "/attributes/0/range", "is reversed", fail, fail}},
		{"M06 not finite", withAttributes(`{"name":"a","type":"NUMBER","range":"0,1E999"}`),
			want{"M06", "/attributes/0/range", "too large for a double", fail, fail}},
		{"M06 on a text", withAttributes(`{"name":"a","type":"STRING","range":"0,1"}`),
			want{"M06", "/attributes/0/range", "only NUMBER and INTEGER", fail, warn}},
		{"M06 on an action without argument", withActions(`{"name":"a","range":"0,1"}`),
			want{"M06", "/actions/0/range", `no "argType"`, fail, warn}},
		{"M06 on an action with named arguments", withActions(`{"name":"a","range":"0,1","arguments":[{"name":"x","type":"NUMBER"}]}`),
			want{"M06", "/actions/0/range", `no "argType"`, fail, warn}},
		{"M07 between integers", withAttributes(`{"name":"a","type":"INTEGER","range":"0.3,0.4"}`),
			want{"M07", "/attributes/0/range", "no 32-bit integer", fail, fail}},
		{"M07 beyond 32 bits", withAttributes(`{"name":"a","type":"INTEGER","range":"3000000000,4000000000"}`),
			want{"M07", "/attributes/0/range", "no 32-bit integer", fail, fail}},
		{"M07 below 32 bits", withArguments(`{"name":"a","type":"INTEGER","range":"-4E9,-3E9"}`),
			want{"M07", "/actions/0/arguments/0/range", "no 32-bit integer", fail, fail}},
		{"M07 older form", withActions(`{"name":"a","argType":"INTEGER","range":"0.3,0.4"}`),
			want{"M07", "/actions/0/range", "no 32-bit integer", fail, fail}},
		{"M08 integer above", withAttributes(`{"name":"a","type":"INTEGER","range":"0,100","defaultValue":101}`),
			want{"M08", "/attributes/0/defaultValue", "101 of attribute \"a\" lies outside its range 0,100", fail, warn}},
		{"M08 number below", withArguments(`{"name":"a","type":"NUMBER","range":"0,1","defaultValue":-0.1}`),
			want{"M08", "/actions/0/arguments/0/defaultValue", "outside its range", fail, warn}},
		{"M08 at the end", withAttributes(`{"name":"a","type":"INTEGER","range":"0,100","defaultValue":100}`), want{}},
		{"M09 alias is a name", withAttributes(`{"name":"a","alias":"b","type":"URI"}`, `{"name":"b","type":"URI"}`),
			want{"M09", "/attributes/0/alias", `the alias "b" of attribute "a" is also the name of another one`, fail, warn}},
		{"M09 action alias is a name", withActions(`{"name":"a"}`, `{"name":"b","alias":"a"}`),
			want{"M09", "/actions/1/alias", "also the name", fail, warn}},
		{"M09 alias of another kind", withMembers(`"attributes":[{"name":"a","alias":"b","type":"URI"}],"actions":[{"name":"b"}]`),
			want{}},
		{"M09 own name", withAttributes(`{"name":"a","alias":"a","type":"URI"}`), want{}},
		{"M09 empty twice", withAttributes(`{"name":"a","alias":"","type":"URI"}`, `{"name":"b","alias":"","type":"URI"}`), want{}},
		{"M10", withMembers(`"draft":true`), want{"M10", "/draft", "is a draft", fail, fail}},
		{"M10 false", withMembers(`"draft":false`), want{}},
		{"M11", withMembers(`"formats":{"links":[]}`), want{"M11", "/formats", "not expanded", fail, warn}},
		{"M13 urn without urn:", `{"urn":"com:x","name":"M"}`, want{"M13", "/urn", `does not begin with "urn:"`, warn, warn}},
		{"M13 any case", `{"urn":"URN:com:x","name":"M"}`, want{}},
		{"M13 small exponent", withAttributes(`{"name":"a","type":"NUMBER","range":"1e3,2e3"}`),
			want{"M13", "/attributes/0/range", "small e", warn, warn}},
		{"M13 name", withAttributes(`{"name":"ä","type":"NUMBER"}`),
			want{"M13", "/attributes/0/name", "'ä', which is not ASCII", warn, warn}},
		{"M13 alias", withAttributes(`{"name":"a","alias":"ä","type":"NUMBER"}`),
			want{"M13", "/attributes/0/alias", "not ASCII", warn, warn}},
		{"M13 urn not ASCII", `{"urn":"urn:é","name":"M"}`, want{"M13", "/urn", "not ASCII", warn, warn}},
		{"M13 format outside", withFormats(`{"urn":"urn:x:model:f","name":"F","type":"DATA","value":{"fields":[]}}`),
			want{"M13", "/formats/0/urn", "lies outside the model's URN", warn, warn}},
		{"M14", `{"urn":"urn:oracle:iot:dcd:capability:mine","name":"M"}`, want{"M14", "/urn", "reserved", fail, fail}},
		{"M14 other of Oracle", `{"urn":"urn:oracle:iot:mine","name":"M"}`, want{}},
		{"M15", withAttributes(`{"name":"a","type":"URI","defaultValue":""}`),
			want{"M15", "/attributes/0/defaultValue", "is empty", fail, fail}},
		{"M15 argument", withArguments(`{"name":"a","type":"URI","defaultValue":""}`),
			want{"M15", "/actions/0/arguments/0/defaultValue", "is empty", fail, fail}},
		{"M15 field, which no client uses", withFields(`{"name":"a","type":"URI","optional":true,"defaultValue":""}`),
			want{"M15", "/formats/0/value/fields/0/defaultValue", "is empty", fail, warn}},
		{"M15 STRING may be empty", withAttributes(`{"name":"a","type":"STRING","defaultValue":""}`), want{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, tt.text, tt.want) })
	}
}

func TestAliasOfTwo(t *testing.T) {
	text := withAttributes(`{"name":"a","alias":"x","type":"URI"}`, `{"name":"b","alias":"x","type":"URI"}`, `{"name":"c","alias":"y","type":"URI"}`)
	_, found := devicemodel.Inspect([]byte(text))
	if len(found) != 2 || found[0].Rule != "M09" || found[1].Rule != "M09" || found[0].Level != fail {
		t.Errorf("Inspect: %v", found)
	}
	m, warnings, err := devicemodel.Load([]byte(text))
	if err != nil || len(warnings) != 2 {
		t.Fatalf("Load: %v, %v", warnings, err)
	}
	if m.Attributes[0].Alias != "" || m.Attributes[1].Alias != "" || m.Attributes[2].Alias != "y" {
		t.Errorf("aliases %q %q %q, want only the last", m.Attributes[0].Alias, m.Attributes[1].Alias, m.Attributes[2].Alias)
	}
}

func TestRules(t *testing.T) {
	rules := devicemodel.Rules()
	var ids []string
	for _, r := range rules {
		ids = append(ids, r.ID)
		if r.Title == "" || r.Explanation == "" || r.Example == "" {
			t.Errorf("%s is not explained", r.ID)
		}
		if got, ok := devicemodel.RuleByID(r.ID); !ok || got != r {
			t.Errorf("RuleByID(%s) = %v, %v", r.ID, got, ok)
		}
	}
	if got, want := strings.Join(ids, " "), "JSON MODEL M01 M02 M03 M04 M05 M06 M07 M08 M09 M10 M11 M12 M13 M14 M15"; got != want {
		t.Errorf("rules %s, want %s", got, want)
	}
	rules[0].ID = "changed"
	if _, ok := devicemodel.RuleByID("changed"); ok {
		t.Error("a caller can change the rules")
	}
	if _, ok := devicemodel.RuleByID("M16"); ok {
		t.Error("M16 exists")
	}
}

func TestRuleExamplesBreakTheirRule(t *testing.T) {
	for _, r := range devicemodel.Rules() {
		t.Run(r.ID, func(t *testing.T) {
			text := r.Example
			switch {
			case strings.HasPrefix(text, `{"urn"`):
			case strings.HasPrefix(text, `{`):
				text = withAttributes(text)
			case strings.HasPrefix(text, `"value"`):
				text = withFormats(`{"urn":"urn:x:m:f","name":"F","type":"DATA",` + text + `}`)
			default:
				text = withMembers(text)
			}
			_, found := devicemodel.Inspect([]byte(text))
			if r.ID == "M12" { // the generator's
				if len(found) > 0 {
					t.Errorf("found %v", found)
				}
				return
			}
			if len(found) == 0 {
				t.Fatalf("nothing found in %s", text)
			}
			for _, f := range found {
				if f.Rule != r.ID {
					t.Errorf("found %v", f)
				}
			}
		})
	}
}
