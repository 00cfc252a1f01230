package devicemodel_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestInspectListAndPage(t *testing.T) {
	list := `[ {"urn":"urn:a","name":"A"}, {"urn":"urn:b","name":"B","draft":true} , 5, {"urn":"urn:c","name":"C"}]`
	for name, text := range map[string]string{
		"list":                      list,
		"page":                      `{"hasMore":false,"items":` + list + `,"count":4}`,
		"list with byte order mark": "\xef\xbb\xbf" + list,
	} {
		t.Run(name, func(t *testing.T) {
			prefix := ""
			if name == "page" {
				prefix = "/items"
			}
			docs, found := devicemodel.Inspect([]byte(text))
			if len(docs) != 4 || len(found) != 2 {
				t.Fatalf("%d documents, findings %v", len(docs), found)
			}
			for i, want := range []struct {
				urn, raw string
				model    bool
			}{
				{"urn:a", `{"urn":"urn:a","name":"A"}`, true}, {"urn:b", `{"urn":"urn:b","name":"B","draft":true}`, false},
				{"", "5", false}, {"urn:c", `{"urn":"urn:c","name":"C"}`, true},
			} {
				d := docs[i]
				if d.URN != want.urn || string(d.Raw) != want.raw || (d.Model != nil) != want.model ||
					d.Pointer != fmt.Sprintf("%s/%d", prefix, i) || d.Offset != int64(strings.LastIndex(text, want.raw)) {
					t.Errorf("document %d: %+v", i, d)
				}
			}
			if f := found[0]; f.Rule != "M10" || f.Pointer != prefix+"/1/draft" || f.Offset != int64(strings.Index(text, "true")) {
				t.Errorf("found %v", f)
			}
			if f := found[1]; f.Rule != "MODEL" || f.Pointer != prefix+"/2" {
				t.Errorf("found %v", f)
			}
		})
	}
}

func TestInspectSingleModel(t *testing.T) {
	for _, text := range []string{
		`{"urn":"urn:a","name":"A"}`,
		` {"urn":"urn:a","name":"A","items":[1]} `, // a model with an unknown member, no page
	} {
		docs, found := devicemodel.Inspect([]byte(text))
		if len(docs) != 1 || len(found) != 0 || docs[0].Pointer != "" || docs[0].Model == nil {
			t.Errorf("%s: %+v, %v", text, docs, found)
		}
		if string(docs[0].Raw) != strings.TrimSpace(text) || docs[0].Offset != int64(strings.IndexByte(text, '{')) {
			t.Errorf("%s: raw %s at %d", text, docs[0].Raw, docs[0].Offset)
		}
	}
	docs, found := devicemodel.Inspect([]byte(`{"items":{}}`))
	if len(docs) != 1 || len(found) != 2 {
		t.Errorf("an object that is neither: %+v, %v", docs, found)
	}
	docs, found = devicemodel.Inspect([]byte(`"x"`))
	if len(docs) != 1 || docs[0].Model != nil || len(found) != 1 {
		t.Errorf("a text: %+v, %v", docs, found)
	}
}

func TestInspectEmptyList(t *testing.T) {
	for text, pointer := range map[string]string{`[ ]`: "", `{"items":[]}`: "/items"} {
		docs, found := devicemodel.Inspect([]byte(text))
		if len(docs) != 0 || len(found) != 1 || found[0].Level != warn || found[0].Pointer != pointer {
			t.Errorf("%s: %v, %v", text, docs, found)
		}
	}
}

func TestInspectFindsEverythingInOneRun(t *testing.T) {
	text := `{"urn":"urn:oracle:iot:dcd:capability:x","name":"M","draft":true,
 "attributes":[{"name":"a","type":"URI","defaultValue":""},{"name":"a","alias":"b","type":"INTEGER","range":"0.1,0.2"},
  {"name":"b","type":"NUMBER","range":"9,1"},{"name":"c","type":"NUMBER","range":"1e1,2e1","defaultValue":5},{"type":"X"}],
 "actions":[{"name":"x"},{"name":"x","arguments":[{"name":"y","type":"URI"},{"name":"y","type":"URI"}]}],
 "formats":[{"urn":"urn:f","name":"F","type":"DATA","value":{"fields":[{"name":"z","type":"URI","optional":true},{"name":"z","type":"URI","optional":true}]}},
  {"urn":"urn:f","name":"F","type":"DATA","value":{"fields":[]}}]}`
	_, found := devicemodel.Inspect([]byte(text))
	var rules []string
	for i, f := range found {
		rules = append(rules, f.Rule)
		checkHuman(t, f)
		if i > 0 && found[i-1].Offset > f.Offset {
			t.Errorf("%v stands before %v", found[i-1], f)
		}
	}
	const want = "M14 M10 M15 M01 M09 M07 M06 M13 M08 MODEL MODEL M02 M03 M13 M05 M04 M13"
	if got := strings.Join(rules, " "); got != want {
		t.Errorf("rules %s\nwant  %s", got, want)
	}
}

func TestInspectBoundsFindings(t *testing.T) {
	attributes := strings.Repeat(`{"name":"ä","type":"STRING"},`, 1500) + `{"name":"z"}`
	docs, found := devicemodel.Inspect([]byte(withAttributes(attributes)))
	count := map[devicemodel.Level]int{}
	for _, f := range found {
		count[f.Level]++
		checkHuman(t, f)
	}
	if len(docs) != 1 || docs[0].Model != nil || count[fail] != 1001 || count[warn] != 1001 {
		t.Errorf("found %v", count)
	}
	if last := found[len(found)-1]; !strings.Contains(last.Text, "the rest was not read after 1000 errors") {
		t.Errorf("the last finding is %v", last)
	}
	if last := found[len(found)-2]; !strings.Contains(last.Text, "1 more warnings are not shown") {
		t.Errorf("the last warning is %v", last)
	}
}

func TestInspectStopsInList(t *testing.T) {
	docs, found := devicemodel.Inspect([]byte("[" + strings.Repeat(`{},`, 700) + `{}]`))
	if len(docs) != 500 || len(found) != 1001 {
		t.Errorf("%d documents, %d findings, want 500 and 1001", len(docs), len(found))
	}
	docs, found = devicemodel.Inspect([]byte(`[{"urn":"urn:a","name":"A","x":1` + strings.Repeat(`,"x":1`, 1100) + `}]`))
	if len(docs) != 0 || len(found) != 1001 {
		t.Errorf("repeated names: %d documents, %d findings, want none and 1001", len(docs), len(found))
	}
}

// A thousand warnings hide no error.
func TestWarningsHideNoError(t *testing.T) {
	text := "[" + strings.Repeat(`{"urn":"a","name":"A"},`, 1200) + `{"urn":"b","name":"B","draft":true},{"urn":"c","name":"C"}]`
	docs, found := devicemodel.Inspect([]byte(text))
	if len(docs) != 1202 || docs[1200].Model != nil || docs[1201].Model == nil || !hasError(found) {
		t.Errorf("%d documents, %d findings", len(docs), len(found))
	}
}

func TestLocate(t *testing.T) {
	text := "\xef\xbb\xbf" + `{ "a" : [ 1, {"b/c~d":true} ] , "":5, "é":"x" }`
	tests := []struct {
		pointer, at string
		ok          bool
	}{
		{"", "{ \"a\"", true}, {"/a", "[ 1", true}, {"/a/0", "1,", true}, {"/a/1/b~1c~0d", "true", true}, {"/", "5", true}, {"/é", `"x"`, true},
		{"/a/2", "[ 1", false}, {"/a/x", "[ 1", false}, {"/a/01", "[ 1", false}, {"/a/1/none/deeper", `{"b`, false}, {"/b", "{ \"a\"", false}, {"a", "{ \"a\"", false}, {"/a/0/x", "1,", false},
	}
	for _, tt := range tests {
		offset, ok := devicemodel.Locate([]byte(text), tt.pointer)
		if want := int64(strings.Index(text, tt.at)); offset != want || ok != tt.ok {
			t.Errorf("Locate(%q) = %d, %v, want %d, %v", tt.pointer, offset, ok, want, tt.ok)
		}
	}
	if offset, ok := devicemodel.Locate([]byte(`{"a":`), "/a"); ok || offset != 0 {
		t.Errorf("in a broken text: %d, %v", offset, ok)
	}
}
