package lint

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestForms(t *testing.T) {
	tests := []struct {
		form form
		yes  []string
		no   []string
	}{
		{text, []string{`"x"`, `""`}, []string{`null`, `1`, `true`, `[]`, `{}`, ``}},
		{textOrNull, []string{`"x"`, `null`}, []string{`1`, `false`, `[]`, `{}`}},
		{millis, []string{`null`, `0`, `12`, `12.0`, `12.00`, `1e3`, `1E+3`}, []string{`"1"`, `-1`, `1.5`, `1.5e1`, `10e-1`, `true`, `[]`, `{}`}},
		{listOrNull, []string{`null`, `[]`, `[1]`}, []string{`{}`, `1`, `"x"`, `true`}},
	}
	for _, tt := range tests {
		for _, v := range tt.yes {
			if !tt.form.fits([]byte(v)) {
				t.Errorf("%s is not %s", v, tt.form)
			}
		}
		for _, v := range tt.no {
			if tt.form.fits([]byte(v)) {
				t.Errorf("%s is %s", v, tt.form)
			}
		}
	}
}

func TestScannerOnValidText(t *testing.T) {
	for _, tt := range []struct{ text, value, rest string }{
		{` 12,3`, `12`, `,3`},
		{`"a\"b\\" : 1`, `"a\"b\\"`, ` : 1`},
		{"{\"a\":[1,\"]}\",{}]}\n", `{"a":[1,"]}",{}]}`, "\n"},
		{`true]`, `true`, `]`},
		{`null`, `null`, ``},
		{`-1.5E3 `, `-1.5E3`, ` `},
	} {
		s := scanner{text: []byte(tt.text)}
		if got := string(s.value()); got != tt.value || tt.text[s.pos:] != tt.rest {
			t.Errorf("%s: value %s, rest %q", tt.text, got, tt.text[s.pos:])
		}
	}
}

// On any text the scanner stays inside it, and on valid text a value is what encoding/json takes for one.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{`{"a":[1,"]}",{}]}`, `"\"`, `[`, ``, `"`, `1`, "\xef\xbb\xbf{}", `{"a":"\`, `]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := scanner{text: data}
		got := s.value()
		if s.pos > len(data) {
			t.Fatal("beyond the end")
		}
		if json.Valid(data) && !bytes.Equal(got, bytes.TrimSpace(data)) {
			t.Fatalf("value %q of %q", got, data)
		}
		var r memberReader
		r.document(devicemodel.Document{Raw: data}, shapes())
		unquote(data)
		textAt(data, 0)
	})
}

func TestTextAt(t *testing.T) {
	for _, tt := range []struct {
		text   string
		offset int64
		want   string
	}{{`"a"`, 0, "a"}, {`x"a\"b"y`, 1, `a"b`}, {`"a`, 0, ""}, {`"\`, 0, ""}, {`1`, 0, ""}, {`"a"`, 9, ""}, {`"a"`, -1, ""}, {`"\q"`, 0, ""}} {
		if got := textAt([]byte(tt.text), tt.offset); got != tt.want {
			t.Errorf("%s at %d: %q", tt.text, tt.offset, got)
		}
	}
}
