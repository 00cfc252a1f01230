package trust

import (
	"bytes"
	"strings"
	"testing"
)

func TestParseTLVs(t *testing.T) {
	tests := []struct {
		name string
		data string
		want []tlv
		err  string
	}{
		{name: "nothing"},
		{name: "one", data: "\x02\x00\x03D01", want: []tlv{{2, []byte("D01")}}},
		{name: "two, one empty", data: "\x05\x00\x00\xff\x00\x01x", want: []tlv{{5, nil}, {255, []byte("x")}}},
		{name: "no length", data: "\x02\x00", err: "offset 0 has no length"},
		{name: "second without length", data: "\x02\x00\x01x\x03", err: "offset 4 has no length"},
		{name: "value cut off", data: "\x02\x00\x03D0", err: "offset 0 goes beyond"},
		{name: "largest length", data: "\x02\xff\xff" + strings.Repeat("x", 65534), err: "beyond"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseTLVs([]byte(test.data))
			checkError(t, err, test.err)
			if len(got) != len(test.want) {
				t.Fatalf("%d triples, want %d", len(got), len(test.want))
			}
			var again []byte
			for i, x := range got {
				if x.tag != test.want[i].tag || !bytes.Equal(x.value, test.want[i].value) {
					t.Errorf("triple %d is %v, want %v", i, x, test.want[i])
				}
				again = appendTLV(again, x.tag, x.value)
			}
			if err == nil && string(again) != test.data {
				t.Errorf("written again: %q, want %q", again, test.data)
			}
		})
	}
}

// The specification's own example, docs/protocol/provisioning.md §1.3.
func TestAppendTLVExample(t *testing.T) {
	var got []byte
	got = appendTLV(got, tagServerURI, []byte("https://iot.example.com:443"))
	got = appendTLV(got, tagClientID, []byte("D01"))
	got = appendTLV(got, tagSecret, []byte("abc"))
	want := "\x01\x00\x1bhttps://iot.example.com:443\x02\x00\x03D01\x03\x00\x03abc"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAppendTLVLimit(t *testing.T) {
	if got := appendTLV(nil, 1, make([]byte, maxValue)); len(got) != 3+maxValue {
		t.Errorf("%d bytes", len(got))
	}
	defer func() {
		if recover() == nil {
			t.Error("a value that no length field can tell was written")
		}
	}()
	appendTLV(nil, 1, make([]byte, maxValue+1))
}
