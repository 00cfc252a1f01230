package wire

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/internal/racetest"
)

func TestDecodeObject(t *testing.T) {
	num := func(f float64, text string) Scalar { return Scalar{Kind: ScalarNumber, Number: f, Text: text} }
	for text, want := range map[string][]Member{
		`{}`:           {},
		` { } `:        {},
		`{"value":1}`:  {{"value", num(1, "1")}},
		`{"value":""}`: {{"value", Scalar{Kind: ScalarString}}},
		`{"a":1.0E7,"b":true,"c":false,"d":null,"e":"x\ny","f":-0.5}`: {
			{"a", num(1e7, "1.0E7")}, {"b", Scalar{Kind: ScalarBoolean, Boolean: true}}, {"c", Scalar{Kind: ScalarBoolean}},
			{"d", Scalar{}}, {"e", Scalar{Kind: ScalarString, Text: "x\ny"}}, {"f", num(-0.5, "-0.5")},
		},
		`{"a":[1, 2],"b":{"c":{}}}`: {
			{"a", Scalar{Kind: ScalarComposite, Text: "[1, 2]"}}, {"b", Scalar{Kind: ScalarComposite, Text: `{"c":{}}`}},
		},
		`{"big":9007199254740993}`: {{"big", num(1<<53, "9007199254740993")}},
		`{"":1,"\u00e9":2}`:        {{"", num(1, "1")}, {"é", num(2, "2")}},
	} {
		got, err := DecodeObject([]byte(text), nil)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestDecodeObjectAppends(t *testing.T) {
	before := []Member{{Name: "before"}}
	got, err := DecodeObject([]byte(`{"before":1}`), before)
	if err != nil || len(got) != 2 || got[0] != before[0] || got[1].Name != "before" {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = DecodeObject([]byte(`{"a":1,"b":x}`), before)
	if err == nil || !slices.Equal(got, before) {
		t.Errorf("after an error %+v, %v", got, err)
	}
}

func TestDecodeObjectRefuses(t *testing.T) {
	for text, c := range map[string]struct {
		offset  int64
		pointer string
		err     error
	}{
		``:                    {0, "", ErrSyntax},
		`[]`:                  {0, "", ErrWrongType},
		`5`:                   {0, "", ErrWrongType},
		`{"a":1}x`:            {7, "", ErrSyntax},
		`{"a":}`:              {5, "/a", ErrSyntax},
		`{"a":1,"a":1}`:       {7, "/a", ErrDuplicate},
		`{"a":1,"\u0061":[]}`: {7, "/a", ErrDuplicate},
		`{"a":1e999}`:         {5, "/a", ErrNumber},
		"{\"a\":\"\xff\"}":    {5, "/a", ErrNotUTF8},
		"{\"\xff\":1}":        {1, "/\uFFFD", ErrNotUTF8},
		`{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`: {68, "/a" + strings.Repeat("/0", 63), ErrTooDeep},
	} {
		_, err := DecodeObject([]byte(text), nil)
		var wrong *DecodeError
		if !errors.As(err, &wrong) || wrong.Err != c.err || wrong.Offset != c.offset || wrong.Pointer != c.pointer {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestDecodeObjectAllocatesOnce(t *testing.T) {
	if racetest.Enabled {
		t.Skip("allocation counts mean nothing under the race detector")
	}
	data, members := []byte(`{"value":85,"other":"text"}`), make([]Member, 0, 4)
	if n := testing.AllocsPerRun(100, func() { DecodeObject(data, members) }); n != 1 {
		t.Errorf("%v allocations, want the one copy of the text", n)
	}
}

func FuzzDecodeObject(f *testing.F) {
	for _, seed := range []string{`{"value":1}`, `{"a":[{}],"b":"\ud800","c":1e-5,"d":null}`, `{"a":1,"a":2}`, `[]`, `{`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		members, err := DecodeObject(data, nil)
		if err != nil {
			return
		}
		var want map[string]any
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatalf("%q: encoding/json: %v", data, err)
		}
		if len(members) != len(want) {
			t.Fatalf("%q: %d members, encoding/json %d", data, len(members), len(want))
		}
		for _, m := range members {
			value, ok := want[m.Name]
			if !ok || !sameScalar(m.Value, value) {
				t.Fatalf("%q: %+v, encoding/json %v", data, m, value)
			}
		}
	})
}

func sameScalar(s Scalar, v any) bool {
	switch v := v.(type) {
	case nil:
		return s == Scalar{}
	case bool:
		return s == Scalar{Kind: ScalarBoolean, Boolean: v}
	case string:
		return s == Scalar{Kind: ScalarString, Text: v}
	case float64:
		return s.Kind == ScalarNumber && s.Number == v
	}
	return s.Kind == ScalarComposite && json.Valid([]byte(s.Text))
}
