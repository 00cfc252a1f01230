package devicemodel_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestSyntax(t *testing.T) {
	tests := []struct {
		name, text string
		offset     int64
		pointer    string
		want       string
	}{
		{"empty", "", 0, "", "the file is empty"},
		{"white space", " \r\n\t", 0, "", "only white space"},
		{"byte order mark only", "\xef\xbb\xbf", 3, "", "the file is empty"},
		{"UTF-16 with mark", "\xff\xfe{\x00}\x00", 0, "", "UTF-16"},
		{"UTF-16 without mark", "{\x00}\x00", 0, "", "UTF-16"},
		{"UTF-16 big endian", "\x00{\x00}", 0, "", "UTF-16"},
		{"zero bytes", "\x00\x00\x00", 0, "", "zero bytes"},
		{"gzip", "\x1f\x8b\x08\x00", 0, "", "gzip"},
		{"zip", "PK\x03\x04", 0, "", "zip archive"},
		{"HTML", "\n<!DOCTYPE html>", 0, "", "HTML or XML"},
		{"conflict at the top", "<<<<<<< HEAD\n{}", 0, "", "merge conflict"},
		{"conflict inside", "{\n=======\n}", 2, "", "merge conflict"},

		{"open object", `{`, 1, "", "ends after 1 bytes, inside an unfinished object"},
		{"open list", `{"a":[1`, 7, "/a/0", "unfinished list"},
		{"no value", `{"a":`, 5, "/a", "unfinished object"},
		{"no colon", `{"a"`, 4, "/a", "unfinished object"},
		{"open text", `{"a":"b`, 7, "/a", "unfinished object"},
		{"open name", `{"a`, 3, "", "unfinished object"},
		{"open escape", `{"a":"b\`, 8, "/a", "unfinished object"},
		{"open hexadecimal escape", `{"a":"b\u00`, 11, "/a", "unfinished object"},
		{"open UTF-8", "{\"a\":\"b\xc3", 8, "/a", "unfinished object"},
		{"open literal", `{"a":tru`, 8, "/a", "unfinished object"},
		{"open number", `{"a":-`, 6, "/a", "unfinished object"},
		{"open exponent", `{"a":1E+`, 8, "/a", "unfinished object"},
		{"only a quote", `"`, 1, "", "ends inside a value"},
		{"comma and end", `{"a":1,`, 7, "/a", "unfinished object"},

		{"trailing comma in object", `{"a":1 , }`, 7, "/a", "a comma stands before the closing }"},
		{"trailing comma in list", `{"a":[1,2,]}`, 9, "/a/2", "a comma stands before the closing ]"},
		{"two commas", `{"a":[1,,2]}`, 8, "/a/1", "nothing between two commas"},
		{"no comma in object", `{"a":1 "b":2}`, 7, "/a", `found '"' where a comma or } was expected`},
		{"no comma in list", `{"a":[1 2]}`, 8, "/a/0", `found '2' where a comma or ] was expected`},
		{"wrong bracket", `{"a":[1}`, 7, "/a/0", `found '}' where a comma or ] was expected`},
		{"equals sign", `{"a"=1}`, 4, "/a", "where a colon after the member name was expected"},
		{"name without quotes", `{a:1}`, 1, "", "where a member name in double quotes was expected"},
		{"single quotes", `{'a':1}`, 1, "", "no single quotes"},
		{"comment", `{"a":1} // end`, 8, "", "more text follows"},
		{"comment inside", "{// x\n}", 1, "", "no comments"},
		{"block comment", `{"a":/* x */1}`, 5, "/a", "no comments"},
		{"two documents", "{}\n{}", 3, "", "more text follows"},
		{"NaN", `{"a":NaN}`, 5, "/a", "no NaN"},
		{"minus infinity", `{"a":-Infinity}`, 6, "/a", "no infinity"},
		{"plus", `{"a":+1}`, 5, "/a", "no plus sign"},
		{"leading zero", `{"a":-012}`, 5, "/a", `"-012" begins with a needless 0`},
		{"no digit before the point", `{"a":.5}`, 5, "/a", `found '.'`},
		{"no digit after the point", `{"a":1.}`, 7, "/a", "where a digit was expected"},
		{"no digit in the exponent", `{"a":1e}`, 7, "/a", "where a digit was expected"},
		{"Python's true", `{"a":True}`, 5, "/a", "lower case"},
		{"misspelt literal", `{"a":trux}`, 5, "/a", `found 't'`},
		{"stray byte", "{\"a\":\xff}", 5, "/a", "the byte 0xFF"},
		{"stray character", `{"a":“b”}`, 5, "/a", `found '“'`},
		{"line in a text", "{\"a\":\"b\nc\"}", 7, "/a", "control character (0x0A)"},
		{"zero in a text", "{\"a\":\"b\x00c\"}", 7, "/a", "control character (0x00)"},
		{"Latin-1", "{\"a\":\"K\xfcche\"}", 7, "/a", "the byte 0xFC is not UTF-8"},
		{"surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", 6, "/a", "not UTF-8"},
		{"unknown escape", `{"a":"C:\dir"}`, 8, "/a", `no escape \d`},
		{"escaped control character", "{\"a\":\"\\\x01\"}", 6, "/a", `no escape \ 0x01`},
		{"bad hexadecimal escape", `{"a":"\u00g0"}`, 6, "/a", "four hexadecimal digits"},
		{"half a pair", `{"a":"\ud83d"}`, 6, "/a", `half of a surrogate pair (\ud83d)`},
		{"second half first", `{"a":"\ude00\ud83d"}`, 6, "/a", "half of a surrogate pair"},
		{"half a pair and an escape", `{"a":"\ud83d\n00000000"}`, 6, "/a", "half of a surrogate pair"},
		{"pointer is escaped", `{"a/b~c":[0,x]}`, 12, "/a~1b~0c/1", `found 'x'`},
		{"after a byte order mark", "\xef\xbb\xbf{x}", 4, "", `found 'x'`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, found := devicemodel.Inspect([]byte(tt.text))
			if docs != nil || len(found) != 1 {
				t.Fatalf("documents %v, findings %v", docs, found)
			}
			f := found[0]
			checkHuman(t, f)
			if f.Rule != devicemodel.RuleSyntax || f.Level != fail || f.Offset != tt.offset || f.Pointer != tt.pointer || !strings.Contains(f.Text, tt.want) {
				t.Errorf("found %v", f)
			}
			m, _, err := devicemodel.Load([]byte(tt.text))
			if m != nil || !errors.Is(err, devicemodel.ErrSyntax) || errors.Is(err, devicemodel.ErrInvalid) {
				t.Errorf("Load: %v, %v", m, err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error text %q", err)
			}
		})
	}
}

func TestDuplicateNames(t *testing.T) {
	text := `{"urn":"urn:x","name":"M","n\u0061me":"N","x":[{"a":1,"b":{"a":2},"a":3}]}`
	docs, found := devicemodel.Inspect([]byte(text))
	if len(docs) != 1 || docs[0].Model != nil || docs[0].URN != "urn:x" || len(found) != 2 {
		t.Fatalf("documents %+v, findings %v", docs, found)
	}
	for i, want := range []struct {
		key, pointer string
	}{{`"n\u0061me"`, "/name"}, {`"a":3`, "/x/0/a"}} {
		f := found[i]
		checkHuman(t, f)
		if f.Rule != "JSON" || f.Level != fail || f.Pointer != want.pointer || f.Offset != int64(strings.Index(text, want.key)) {
			t.Errorf("found %v", f)
		}
	}
	if _, _, err := devicemodel.Load([]byte(text)); !errors.Is(err, devicemodel.ErrSyntax) {
		t.Errorf("Load: %v", err)
	}
}

// Few names are compared one by one, many through a map: both ways find the repeated one.
func TestDuplicateAmongMany(t *testing.T) {
	for n := 1; n < 100; n++ {
		for _, twice := range []int{0, n / 2, n - 1} {
			var b strings.Builder
			b.WriteString(`{"urn":"urn:x","name":"M","x":{"inner":{"k0":0}`)
			for i := range n {
				fmt.Fprintf(&b, `,"k%d":{"k0":1}`, i)
			}
			fmt.Fprintf(&b, `,"k%d":0}}`, twice)
			_, found := devicemodel.Inspect([]byte(b.String()))
			if len(found) != 1 || found[0].Pointer != fmt.Sprintf("/x/k%d", twice) {
				t.Fatalf("%d names: found %v", n, found)
			}
		}
	}
}

func TestDepth(t *testing.T) {
	nested := func(n int) string {
		return withMembers(`"x":` + strings.Repeat("[", n) + strings.Repeat("]", n))
	}
	check(t, nested(63), want{})
	check(t, nested(64), want{"JSON", "/x" + strings.Repeat("/0", 63), "deeper than 64 levels", fail, fail})
	check(t, strings.Repeat(`{"a":`, 100000), want{"JSON", strings.Repeat("/a", 64), "deeper than 64 levels", fail, fail})
}

func TestManyMembers(t *testing.T) {
	object := func(n int) string {
		var b strings.Builder
		b.WriteString(`"x":{"k":0`)
		for i := 1; i < n; i++ {
			fmt.Fprintf(&b, `,"%d":0`, i)
		}
		return withMembers(b.String() + "}")
	}
	check(t, object(65536), want{})
	_, found := devicemodel.Inspect([]byte(object(65537)))
	if len(found) != 1 || !strings.Contains(found[0].Text, "more than 65536 members") {
		t.Errorf("found %v", found)
	}
}

func TestTooLarge(t *testing.T) {
	large := bytes.Repeat([]byte(" "), devicemodel.MaxSize)
	copy(large, `{"urn":"urn:x:m","name":"M"}`)
	if _, _, err := devicemodel.Load(large); err != nil {
		t.Errorf("a text of MaxSize bytes: %v", err)
	}
	large = append(large, ' ')
	_, _, err := devicemodel.Load(large)
	if !errors.Is(err, devicemodel.ErrTooLarge) || errors.Is(err, devicemodel.ErrSyntax) {
		t.Errorf("one byte more: %v", err)
	}
	docs, found := devicemodel.Inspect(large)
	if docs != nil || len(found) != 1 || found[0].Offset != devicemodel.MaxSize {
		t.Errorf("Inspect: %v, %v", docs, found)
	}
}

// Every escape and every character arrives as encoding/json reads it.
func TestTextsAsEncodingJSON(t *testing.T) {
	for _, text := range []string{
		`""`, `"a"`, `"\""`, `"\\"`, `"\\\""`, `"\\\\"`, `"\/"`, `"\b\f\n\r\t"`, `"\u0000"`, `"\u00E9\u00e9é"`, `"\u20ac"`, `"\ud83d\ude00"`, `"😀"`, `"a\\u0041"`,
		`"\u2028 "`, `"\uFFFD"`, `"\uffff"`, `"tail\\"`,
	} {
		var want string
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		m := mustLoad(t, `{ "description" : `+text+` , "urn":"urn:x", "name" : "M" }`)
		if m.Description != want {
			t.Errorf("%s is %q, want %q", text, m.Description, want)
		}
	}
}
