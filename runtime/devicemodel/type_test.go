package devicemodel_test

import (
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestType(t *testing.T) {
	texts := map[devicemodel.Type]string{
		devicemodel.String: "STRING", devicemodel.Number: "NUMBER", devicemodel.Integer: "INTEGER",
		devicemodel.Boolean: "BOOLEAN", devicemodel.DateTime: "DATETIME", devicemodel.URI: "URI",
	}
	for typ, text := range texts {
		if typ.String() != text {
			t.Errorf("%d.String() = %q, want %q", typ, typ, text)
		}
		if got, ok := devicemodel.ParseType(text); !ok || got != typ {
			t.Errorf("ParseType(%q) = %v, %v", text, got, ok)
		}
		if want := typ == devicemodel.Number || typ == devicemodel.Integer; typ.Numeric() != want {
			t.Errorf("%v.Numeric() = %v", typ, !want)
		}
	}
	for _, text := range []string{"", "string", "INT", "STRING ", "ARRAY", "OBJECT"} {
		if got, ok := devicemodel.ParseType(text); ok || got != 0 {
			t.Errorf("ParseType(%q) = %v, %v", text, got, ok)
		}
	}
	if got := devicemodel.Type(0).String(); got != "Type(0)" {
		t.Errorf("zero Type is %q", got)
	}
	if got := devicemodel.Type(200).String(); got != "Type(200)" {
		t.Errorf("unknown Type is %q", got)
	}
}

func TestFormatType(t *testing.T) {
	for typ, text := range map[devicemodel.FormatType]string{devicemodel.Data: "DATA", devicemodel.Alert: "ALERT"} {
		if typ.String() != text {
			t.Errorf("%d.String() = %q, want %q", typ, typ, text)
		}
		if got, ok := devicemodel.ParseFormatType(text); !ok || got != typ {
			t.Errorf("ParseFormatType(%q) = %v, %v", text, got, ok)
		}
	}
	if _, ok := devicemodel.ParseFormatType("alert"); ok {
		t.Error("lower case is a format type")
	}
	if got := devicemodel.FormatType(3).String(); got != "FormatType(3)" {
		t.Errorf("unknown FormatType is %q", got)
	}
}

func TestLevel(t *testing.T) {
	for level, text := range map[devicemodel.Level]string{devicemodel.Warning: "warning", devicemodel.Error: "error", 0: "Level(0)"} {
		if level.String() != text {
			t.Errorf("%d.String() = %q, want %q", level, level, text)
		}
	}
}

func TestFindingString(t *testing.T) {
	f := devicemodel.Finding{Rule: "M08", Level: devicemodel.Error, Offset: 17, Pointer: "/attributes/0", Text: "it is wrong", Remedy: "mend it"}
	if got, want := f.String(), "error at /attributes/0 (byte 17): it is wrong; mend it (M08)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	f = devicemodel.Finding{Rule: "JSON", Level: devicemodel.Warning, Text: "empty"}
	if got, want := f.String(), "warning (byte 0): empty (JSON)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
