package trust

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestSplitFileKinds(t *testing.T) {
	tests := []struct {
		name, data string
		want       error
	}{
		{"empty", "", ErrNotProvisioning},
		{"byte below the versions", " x", ErrNotProvisioning},
		{"byte above the versions", "\x7f", ErrNotProvisioning},
		{"NUL bytes", "\x00\x00", ErrNotProvisioning},
		{"UTF-16", "\xff\xfe!\x00", ErrNotProvisioning},
		{"version 34", "\"AAAA", ErrVersion},
		{"version 126", "~AAAA", ErrVersion},
		{"PEM", "-----BEGIN CERTIFICATE-----\n", ErrVersion},
		{"JCEKS", "\xce\xce\xce\xce\x00", ErrLegacyFormat},
		{"JKS", "\xfe\xed\xfe\xed\x00", ErrLegacyFormat},
		{"PKCS#12", "\x30\x82\x04", ErrLegacyFormat},
		{"PKCS#12 of another length", "\x30\x80", ErrLegacyFormat},
		{"0 is a version", "0A", ErrVersion},
		{"JSON", `{"clientId":1}`, ErrLegacyFormat},
		{"JSON after blanks", "\r\n\t {", ErrLegacyFormat},
		{"one byte of padding missing", "!AAA", ErrCorrupt},
		{"one digit", "!A", ErrCorrupt},
		{"padding inside", "!AA==AAAA", ErrCorrupt},
		{"too much padding", "!AAA==", ErrCorrupt},
		{"too large", "!" + strings.Repeat("A", MaxSize), ErrTooLarge},
		{"largest", "!" + strings.Repeat("A", MaxSize-4), nil},
		{"version alone", "!", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := splitFile([]byte(test.data))
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

func TestSplitFileCorners(t *testing.T) {
	for name, data := range map[string]string{
		"CR LF inside":                   "!AQ\r\nID\n#x\n",
		"LF inside":                      "!AQ\nID\n#x\n",
		"blanks and NUL bytes inside":    "!A Q\tI\x00D\x00\n#",
		"hash without line end":          "!AQID#x",
		"no hash, line end":              "!AQID\n",
		"no hash, no line end":           "!AQID",
		"no hash, stale NUL bytes":       "!AQID\x00\x00\x00",
		"base64 after the comments":      "!AQID\n#a\nBBBB",
		"bytes that are in no alphabet":  "!A\xffQ_I-D\n#",
		"carriage return before comment": "!AQID\r\n#\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			blob, _, err := splitFile([]byte(data))
			if err != nil || !bytes.Equal(blob, []byte{1, 2, 3}) {
				t.Errorf("blob %v, error %v", blob, err)
			}
		})
	}
}

func TestComments(t *testing.T) {
	many := strings.Repeat("#x\n", 50)
	tests := []struct {
		name, after string
		want        []string
	}{
		{"Java's", "#serverUri:https://h:443\n#clientId:D\n", nil},
		{"JavaScript's", "#", nil},
		{"an operator's are kept", "#serverUri:a\n#clientId:b\n# bay 4\n#é\n", []string{"# bay 4", "#é"}},
		{"CR LF", "# bay 4\r\n#", []string{"# bay 4"}},
		{"garbage ends them", "#a\nstale#b\n#c", []string{"#a"}},
		{"NUL bytes", "#a\n#b\x00\x00", []string{"#a"}},
		{"not UTF-8", "#a\n#\xff\n#c", []string{"#a", "#c"}},
		{"long line", "#" + strings.Repeat("x", 300) + "\n#c", []string{"#c"}},
		{"many", many, strings.Fields(many)[:maxComments]},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, got, err := splitFile([]byte("!AQID\n" + test.after))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "comments", got, test.want)
		})
	}
}

func TestJoinFile(t *testing.T) {
	tests := []struct {
		digits int // of base64, a multiple of 4
		lines  []int
	}{
		{0, []int{0}}, {4, []int{4}}, {76, []int{76}}, {80, []int{76, 4}}, {152, []int{76, 76}}, {156, []int{76, 76, 4}},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.digits), func(t *testing.T) {
			got, err := joinFile(make([]byte, test.digits/4*3), "https://h:443", "D", []string{"# bay 4"})
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for i, n := range test.lines {
				if i > 0 {
					b.WriteString("\r\n")
				}
				b.WriteString(strings.Repeat("A", n))
			}
			equal(t, "file", string(got), "!"+b.String()+"\n#serverUri:https://h:443\n#clientId:D\n# bay 4\n")
		})
	}
	if _, err := joinFile(make([]byte, MaxSize/4*3), "", "", nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a file over the limit: %v", err)
	}
	got, err := joinFile(nil, "a\nb", "c\r\u2028d", nil)
	if err != nil || string(got) != "!\n#serverUri:a?b\n#clientId:c??d\n" {
		t.Errorf("values with line ends: %q, %v", got, err)
	}
}
