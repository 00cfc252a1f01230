package lint_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/gen/lint"
	"github.com/iotcs-go/iotcs/gen/source"
)

// check lints texts by file name, with the schema.
func check(t testing.TB, files map[string]string, opts ...lint.Option) *lint.Report {
	t.Helper()
	set := &source.Set{}
	for path, text := range files {
		set.Files = append(set.Files, source.File{Path: path, Data: []byte(text)})
	}
	slices.SortFunc(set.Files, func(a, b source.File) int { return strings.Compare(a.Path, b.Path) })
	report, err := lint.Files(t.Context(), set, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func lines(report *lint.Report) []string {
	var all []string
	for _, f := range report.Findings {
		all = append(all, f.String())
	}
	return all
}

// model is a model whose text from line 2 on is the argument.
func model(members string) string {
	return "{\"urn\": \"urn:test:m\", \"name\": \"M\",\n" + members + "}"
}

func TestFindings(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"a clean model", model(`"attributes": [{"name": "a", "type": "INTEGER", "range": "0,100", "writable": true}]`), nil},
		{"empty file", "", []string{
			`m.json:1:1: `,
		}},
		{"truncated", `{"urn": "urn:test:m", "name"`, []string{`m.json:1:29: `}},
		{"duplicate member", "{\"urn\": \"urn:test:m\",\n \"name\": \"M\",\n \"name\": \"N\"}", []string{`m.json:3:2: `}},
		{"type of another language", model(`"attributes": [{"name": "a", "type": "INT"}]`), []string{
			`m.json:2:38: "type" of attribute "a" is "INT", which is no type; write "INTEGER" (MODEL)`,
		}},
		{"type with a slip", model(`"attributes": [{"name": "a", "type": "INTEGR"}]`), []string{
			`m.json:2:38: "type" of attribute "a" is "INTEGR", which is no type; did you mean "INTEGER"? (MODEL)`,
		}},
		{"argument type with a slip", model(`"actions": [{"name": "a", "argType": "BOOELAN"}]`), []string{
			`m.json:2:38: "argType" of action "a" is "BOOELAN", which is no type; did you mean "BOOLEAN"? (MODEL)`,
		}},
		{"format type with a slip", model(`"formats": [{"urn": "urn:test:m:f", "name": "f", "type": "ALRET", "value": {"fields": []}}]`), []string{
			`m.json:2:58: "type" of format "f" is "ALRET", which is no type of a format; did you mean "ALERT"? (MODEL)`,
		}},
		{"field type with a slip", model(`"formats": [{"urn": "urn:test:m:f", "name": "f", "type": "ALERT", "value": {"fields": [{"name": "x", "type": "STIRNG", "optional": true}]}}]`), []string{
			`m.json:2:110: "type" of field "x" of format "f" is "STIRNG", which is no type; did you mean "STRING"? (MODEL)`,
		}},
		{"type that is like nothing", model(`"attributes": [{"name": "a", "type": "OBJECT"}]`), []string{
			`m.json:2:38: "type" of attribute "a" is "OBJECT", which is no type; use one of STRING, NUMBER, INTEGER, BOOLEAN, DATETIME, URI (MODEL)`,
		}},
		{"misspelt member", model(`"attributes": [{"name": "a", "type": "STRING", "writeable": true}]`), []string{
			`m.json:2:48: warning: the attribute has an unknown member "writeable", which is ignored; did you mean "writable"? (KEY)`,
		}},
		{"member called as elsewhere", model(`"attributes": [{"name": "a", "type": "STRING", "default": "x"}],` + "\n" + `"actions": [{"name": "b", "argumentList": []}]`), []string{
			`m.json:2:48: warning: the attribute has an unknown member "default", which is ignored; did you mean "defaultValue"? (KEY)`,
			`m.json:3:27: warning: the action has an unknown member "argumentList", which is ignored; did you mean "arguments"? (KEY)`,
		}},
		{"misspelt and therefore missing is one finding", model(`"attributes": [{"name": "a", "tpye": "STRING"}]`), []string{
			`m.json:2:30: attribute "a" has no "type", but an unknown member "tpye"; did you mean "type"? (MODEL)`,
		}},
		{"misspelt top member", `{"urn": "urn:test:m", "nmae": "M"}`, []string{
			`m.json:1:23: the model has no "name", but an unknown member "nmae"; did you mean "name"? (MODEL)`,
		}},
		{"unknown member beside the known one", model(`"attributes": [{"name": "a", "names": "b", "type": "STRING"}]`), nil},
		{"unknown members like nothing", model(`"x-vendor": {"writeable": 1}, "attributes": [{"name": "a", "unit": "%", "type": "STRING"}]`), nil},
		{"misspelt members inside formats and arguments", model(`"actions": [{"name": "a", "arguments": [{"name": "x", "type": "STRING", "rnage": null}]}],` + "\n" +
			`"formats": [{"urn": "urn:test:m:f", "name": "f", "type": "DATA", "descripton": "d", "value": {"fields": [{"name": "x", "type": "STRING", "optional": true, "desciption": ""}]}}]`), []string{
			`m.json:2:73: warning: the argument has an unknown member "rnage", which is ignored; did you mean "range"? (KEY)`,
			`m.json:3:66: warning: the format has an unknown member "descripton", which is ignored; did you mean "description"? (KEY)`,
			`m.json:3:156: warning: the field has an unknown member "desciption", which is ignored; did you mean "description"? (KEY)`,
		}},
		{"members that only the schema knows", model(`"created": "yesterday", "userLastModified": 1,` + "\n" + `"links": [{"href": 1}, 2],` + "\n" +
			`"formats": [{"urn": "urn:test:m:f", "name": "f", "type": "DATA", "sourceId": [], "value": {"fields": []}}]`), []string{
			`m.json:2:12: "created" is not a whole number of milliseconds since 1970; correct it or delete it: clients do not read it (SCHEMA)`,
			`m.json:2:45: "userLastModified" is not a text or null; correct it or delete it: clients do not read it (SCHEMA)`,
			`m.json:3:20: "href" is not a text; correct it or delete it: clients do not read it (SCHEMA)`,
			`m.json:3:24: "link 2" is not an object; correct it or delete it: clients do not read it (SCHEMA)`,
			`m.json:4:78: "sourceId" is not a text or null; correct it or delete it: clients do not read it (SCHEMA)`,
		}},
		{"positions count characters, without the byte order mark", "\xef\xbb\xbf{\"name\": \"Öfen\", \"urn\": 5}", []string{
			`m.json:1:25: "urn" of the model is a number, a text was expected; write it in double quotes (MODEL)`,
		}},
		{"several findings in the order of the text", model(`"attributes": [{"name": "a", "type": "INTEGER", "range": "9,0"},` + "\n" + `{"name": "a", "type": "NUMBER", "range": "0, 1"}]`), []string{
			`m.json:2:58: `, `m.json:3:10: `, `m.json:3:42: `,
		}},
		{"control characters do not reach the terminal", model("\"attributes\": [{\"name\": \"a\", \"type\": \"\\u001b[2J\\u202e\"}]"), []string{
			`m.json:2:38: "type" of attribute "a" is "\x1b[2J\u202e", which is no type; use one of STRING, NUMBER, INTEGER, BOOLEAN, DATETIME, URI (MODEL)`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := lines(check(t, map[string]string{"m.json": tt.text}, lint.WithSchema()))
			if len(got) != len(tt.want) {
				t.Fatalf("got %d findings, want %d:\n%s", len(got), len(tt.want), strings.Join(got, "\n"))
			}
			for i, want := range tt.want {
				// A want that ends at the position leaves the words to the loader's own tests.
				if got[i] != want && !(strings.HasSuffix(want, ": ") && strings.HasPrefix(got[i], want)) {
					t.Errorf("got  %s\nwant %s", got[i], want)
				}
			}
		})
	}
}

func TestFileNames(t *testing.T) {
	const urn = `{"urn": "urn:test:m", "name": "M"}`
	tests := []struct{ name, path, text, want string }{
		{"name and URN agree", "x/dm-urn%3Atest%3Am.json", urn, ""},
		{"another URN", "dm-urn%3Atest%3An.json", urn, `dm-urn%3Atest%3An.json:1:9: warning: the file's name does not belong to the URN "urn:test:m": a device's local store will not find the model in it; name the file dm-urn%3Atest%3Am.json (M13)`},
		{"escapes in lower case", "dm-urn%3atest%3am.json", urn, `dm-urn%3atest%3am.json:1:9: warning: the file's name does not belong to the URN "urn:test:m": a device's local store will not find the model in it; name the file dm-urn%3Atest%3Am.json (M13)`},
		{"a name of one's own", "pump.json", urn, ""},
		{"a list", "dm-all.json", "[" + urn + "]", `dm-all.json:1:10: warning: `},
		{"a list of two", "dm-all.json", "[" + urn + `, {"urn": "urn:test:n", "name": "N"}]`, ""},
		{"no URN", "dm-x.json", `{"name": "M"}`, `dm-x.json:1:1: the model has no "urn"; add "urn" (MODEL)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(lines(check(t, map[string]string{tt.path: tt.text}, lint.WithSchema())), "\n")
			if got != tt.want && !(strings.HasSuffix(tt.want, ": ") && strings.HasPrefix(got, tt.want)) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestOneURNTwice(t *testing.T) {
	const m = `{"urn": "urn:test:m", "name": "M"}`
	report := check(t, map[string]string{"a.json": m, "b.json": "\n " + m, "c.json": "[" + m + "," + m + "]", "d.json": `{"urn": "urn:test:m"}`})
	want := []string{
		`b.json:2:10: the device model "urn:test:m" is already defined at a.json:1:9; keep one of them: a URN names one model (URN)`,
		`c.json:1:10: the device model "urn:test:m" is already defined at a.json:1:9; keep one of them: a URN names one model (URN)`,
		`c.json:1:45: the device model "urn:test:m" is already defined at a.json:1:9; keep one of them: a URN names one model (URN)`,
		`d.json:1:1: the model has no "name"; add "name" (MODEL)`,
		`d.json:1:9: the device model "urn:test:m" is already defined at a.json:1:9; keep one of them: a URN names one model (URN)`,
	}
	if diff := cmp.Diff(want, lines(report)); diff != "" {
		t.Error(diff)
	}
	if len(report.URNs) != 1 || len(report.Models) != 4 {
		t.Errorf("%d URNs, %d models", len(report.URNs), len(report.Models))
	}
}

func TestModelsOfAPage(t *testing.T) {
	report := check(t, map[string]string{"page.json": `{"items": [
  {"urn": "urn:test:a", "name": "A", "attributes": [{"name": "x", "type": "STRING"}]},
  {"urn": "urn:test:b", "name": ""},
  {"urn": "urn:test:c", "name": "C", "created": false}
]}`})
	if len(report.Models) != 1 || report.Models[0].URN != "urn:test:a" || report.Models[0].Pointer != "/items/0" {
		t.Fatalf("models %+v, findings\n%s", report.Models, strings.Join(lines(report), "\n"))
	}
	if diff := cmp.Diff([]string{"urn:test:a", "urn:test:b", "urn:test:c"}, report.URNs); diff != "" {
		t.Error(diff)
	}
	if got, want := report.Models[0].Position("/attributes/0/type"), (source.Position{Line: 2, Col: 75}); got != want {
		t.Errorf("position %+v, want %+v", got, want)
	}
	if got, want := report.Models[0].Position("/attributes/9"), (source.Position{Line: 2, Col: 52}); got != want {
		t.Errorf("position of what is not there %+v, want %+v", got, want)
	}
}

func TestSourceFindings(t *testing.T) {
	set := &source.Set{
		Problems: []*source.Problem{{Path: "gone", Err: errors.New("no such file"), Remedy: "name another"}},
		Skipped:  []source.Skipped{{Path: "package.json", Reason: "is no model"}},
	}
	report, err := lint.Files(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"gone: no such file; name another (READ)", "package.json: note: skipped: is no model (SKIP)"}
	if diff := cmp.Diff(want, lines(report)); diff != "" {
		t.Error(diff)
	}
}

func TestFilesStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lint.Files(ctx, &source.Set{Files: []source.File{{Path: "a"}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A hostile file costs bounded time and gives a bounded number of findings.
func TestHostileFiles(t *testing.T) {
	tests := []struct {
		name, text string
	}{
		{"many misspelt members", "[" + strings.Repeat(`{"urn":"a","name":"b","atributes":[],"attribute":[],"fromats":[]},`, 20_000) + "{}]"},
		{"many unknown members", "{" + manyMembers(60_000) + "}"},
		{"many malformed links", `{"urn":"urn:a","name":"b","links":[` + strings.Repeat("1,", 200_000) + "1]}"},
		{"deep nesting", strings.Repeat(`{"attributes":[`, 100_000)},
		{"deep nesting of an unknown member", `{"urn":"urn:a","name":"b","x":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + "}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			report := check(t, map[string]string{"m.json": tt.text}, lint.WithSchema())
			if n := len(report.Findings); n > 25_000 {
				t.Errorf("%d findings", n)
			}
		})
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"nane%d":1,`, i)
	}
	return b.String() + `"urn":"urn:a","name":"b"`
}
