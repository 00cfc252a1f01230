package devicemodel_test

import (
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// The column "Go accepts" of the table in docs/protocol/device-models.md §2.3.
func TestDefaultValue(t *testing.T) {
	tests := []struct {
		typ, value string
		want       devicemodel.Default
	}{
		{"INTEGER", "0", devicemodel.Default{}},
		{"INTEGER", "-2147483648", devicemodel.Default{Integer: -2147483648}},
		{"INTEGER", "2147483647", devicemodel.Default{Integer: 2147483647}},
		{"INTEGER", "5.0", devicemodel.Default{Integer: 5}},
		{"INTEGER", "-0", devicemodel.Default{}},
		{"INTEGER", "-0.0E5", devicemodel.Default{}},
		{"INTEGER", "1.5e1", devicemodel.Default{Integer: 15}},
		{"INTEGER", "1500E-2", devicemodel.Default{Integer: 15}},
		{"INTEGER", "0E999999999999", devicemodel.Default{}},
		{"NUMBER", "5", devicemodel.Default{Number: 5}},
		{"NUMBER", "-1.25E-2", devicemodel.Default{Number: -0.0125}},
		{"NUMBER", "1E-999", devicemodel.Default{}},
		{"STRING", `""`, devicemodel.Default{}},
		{"STRING", `"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é"`, devicemodel.Default{Text: "a\"\\/\b\f\n\r\té😀é"}},
		{"BOOLEAN", "true", devicemodel.Default{Boolean: true}},
		{"BOOLEAN", "false", devicemodel.Default{}},
		{"DATETIME", "1511805927387", devicemodel.Default{Integer: 1511805927387}},
		{"DATETIME", "9007199254740991", devicemodel.Default{Integer: 1<<53 - 1}},
		{"DATETIME", "-9007199254740991", devicemodel.Default{Integer: -(1<<53 - 1)}},
		{"URI", `"https://example.com/a"`, devicemodel.Default{Text: "https://example.com/a"}},
	}
	for _, tt := range tests {
		t.Run(tt.typ+" "+tt.value, func(t *testing.T) {
			part := `{"name":"a","type":"` + tt.typ + `","defaultValue":` + tt.value + `}`
			check(t, withAttributes(part), want{})
			if got := mustLoad(t, withAttributes(part)).Attributes[0].Default; got == nil || *got != tt.want {
				t.Errorf("attribute: %+v, want %+v", got, tt.want)
			}
			if got := mustLoad(t, withArguments(part)).Actions[0].Arguments[0].Default; got == nil || *got != tt.want {
				t.Errorf("argument: %+v, want %+v", got, tt.want)
			}
			field := strings.Replace(part, "{", `{"optional":true,`, 1)
			if got := mustLoad(t, withFields(field)).Formats[0].Fields[0].Default; got == nil || *got != tt.want {
				t.Errorf("field: %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestDefaultValueRefused(t *testing.T) {
	tests := []struct{ typ, value, text string }{
		{"INTEGER", "5.7", "a whole number was expected"},
		{"INTEGER", "0.00012e+4", "a whole number was expected"},
		{"INTEGER", "5.00000000000000000000000000001", "a whole number was expected"},
		{"INTEGER", "1e-1", "a whole number was expected"},
		{"INTEGER", "1E-999999999999", "a whole number was expected"},
		{"INTEGER", "99999999999", "not an integer of 32 bits"},
		{"INTEGER", "2147483648", "not an integer of 32 bits"},
		{"INTEGER", "-2147483649", "not an integer of 32 bits"},
		{"INTEGER", "1E999999999999", "not an integer of 32 bits"},
		{"INTEGER", "9223372036854775808", "not an integer of 32 bits"},
		{"INTEGER", `"5"`, "is a text, a number was expected"},
		{"INTEGER", "true", "is true or false, a number was expected"},
		{"INTEGER", "null", "is null, a number was expected"},
		{"NUMBER", "1E400", "too large for a double"},
		{"NUMBER", "-1E400", "too large for a double"},
		{"NUMBER", `"5"`, "a number was expected"},
		{"NUMBER", "null", "a number was expected"},
		{"NUMBER", "[1]", "is a list, a number was expected"},
		{"STRING", "5", "a text was expected"},
		{"STRING", "null", "a text was expected"},
		{"STRING", "{}", "is an object, a text was expected"},
		{"BOOLEAN", "0", "true or false was expected"},
		{"BOOLEAN", `"true"`, "true or false was expected"},
		{"BOOLEAN", "null", "true or false was expected"},
		{"DATETIME", `"2017-11-27T18:05:27.387Z"`, "a number was expected"},
		{"DATETIME", "1.5", "a whole number was expected"},
		{"DATETIME", "9007199254740992", "not a time in milliseconds"},
		{"DATETIME", "-9007199254740992", "not a time in milliseconds"},
		{"DATETIME", "null", "a number was expected"},
		{"URI", "5", "a text was expected"},
		{"URI", "null", "a text was expected"},
	}
	for _, tt := range tests {
		t.Run(tt.typ+" "+tt.value, func(t *testing.T) {
			part := `{"name":"a","type":"` + tt.typ + `","defaultValue":` + tt.value + `}`
			check(t, withAttributes(part), want{"MODEL", "/attributes/0/defaultValue", tt.text, fail, fail})
			check(t, withArguments(part), want{"MODEL", "/actions/0/arguments/0/defaultValue", tt.text, fail, fail})
			field := withFields(strings.Replace(part, "{", `{"optional":true,`, 1))
			check(t, field, want{"MODEL", "/formats/0/value/fields/0/defaultValue", tt.text, fail, warn})
			if d := mustLoad(t, field).Formats[0].Fields[0].Default; d != nil {
				t.Errorf("field keeps the default %+v", d)
			}
		})
	}
}

func TestDefaultOutsideRangeIsKept(t *testing.T) {
	m := mustLoad(t, withAttributes(`{"name":"a","type":"INTEGER","range":"0,9","defaultValue":10}`))
	if d := m.Attributes[0].Default; d == nil || d.Integer != 10 {
		t.Errorf("default %+v, want 10", d)
	}
}

func TestLongNumberIsClipped(t *testing.T) {
	_, _, err := devicemodel.Load([]byte(withAttributes(`{"name":"a","type":"INTEGER","defaultValue":` + strings.Repeat("9", 1<<20) + `}`)))
	if err == nil || len(err.Error()) > 400 {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
}
