package devicemodel_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// samples reads the sample models of the repository, by file name.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../../models/dm-*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 12 {
		t.Fatalf("found %d sample models, want at least 12", len(paths))
	}
	all := make(map[string][]byte)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = data
	}
	return all
}

func sample(t testing.TB, urn string) []byte {
	t.Helper()
	name, err := devicemodel.FileName(urn)
	if err != nil {
		t.Fatal(err)
	}
	data, ok := samples(t)[name]
	if !ok {
		t.Fatalf("no sample model %s", name)
	}
	return data
}

const humidityURN = "urn:com:example:iot:device:humidity_sensor"

// Models with one part under test.
func withMembers(members string) string {
	return `{"urn":"urn:x:m","name":"M",` + members + `}`
}
func withAttributes(parts ...string) string {
	return withMembers(`"attributes":[` + strings.Join(parts, ",") + `]`)
}
func withActions(parts ...string) string {
	return withMembers(`"actions":[` + strings.Join(parts, ",") + `]`)
}
func withArguments(parts ...string) string {
	return withActions(`{"name":"act","arguments":[` + strings.Join(parts, ",") + `]}`)
}
func withFormats(parts ...string) string {
	return withMembers(`"formats":[` + strings.Join(parts, ",") + `]`)
}
func withFields(parts ...string) string {
	return withFormats(`{"urn":"urn:x:m:f","name":"F","type":"DATA","value":{"fields":[` + strings.Join(parts, ",") + `]}}`)
}

func mustLoad(t testing.TB, text string, opts ...devicemodel.LoadOption) *devicemodel.Model {
	t.Helper()
	m, _, err := devicemodel.Load([]byte(text), opts...)
	if err != nil {
		t.Fatalf("Load: %v\n%s", err, text)
	}
	return m
}

// want is what a case expects of the loaders.
type want struct {
	rule    string
	pointer string
	text    string            // a part of the finding's text
	inspect devicemodel.Level // 0: no such finding
	load    devicemodel.Level
}

// check runs both loaders over a text and compares the one finding that it is about. Further findings are mistakes of the case.
func check(t *testing.T, text string, w want) {
	t.Helper()
	_, inspected := devicemodel.Inspect([]byte(text))
	checkFinding(t, "Inspect", text, inspected, w, w.inspect)
	_, loaded, err := devicemodel.Load([]byte(text))
	if le, ok := err.(*devicemodel.LoadError); ok {
		loaded = le.Findings
	} else if err != nil {
		t.Errorf("Load: error of type %T", err)
	}
	if (err != nil) != (w.load == devicemodel.Error) {
		t.Errorf("Load: error %v, want level %v", err, w.load)
	}
	checkFinding(t, "Load", text, loaded, w, w.load)
}

func checkFinding(t *testing.T, who, text string, found []devicemodel.Finding, w want, level devicemodel.Level) {
	t.Helper()
	if level == 0 {
		if len(found) > 0 {
			t.Errorf("%s: found %v, want nothing\n%s", who, found, text)
		}
		return
	}
	if len(found) != 1 {
		t.Errorf("%s: %d findings %v, want one\n%s", who, len(found), found, text)
		return
	}
	f := found[0]
	if f.Rule != w.rule || f.Level != level || f.Pointer != w.pointer || !strings.Contains(f.Text, w.text) {
		t.Errorf("%s: found %v\nwant %v %s at %s with %q\n%s", who, f, level, w.rule, w.pointer, w.text, text)
	}
	checkHuman(t, f)
	if offset, ok := devicemodel.Locate([]byte(text), f.Pointer); ok && offset != f.Offset && f.Rule != devicemodel.RuleSyntax {
		t.Errorf("%s: offset %d of %s, the value is at %d", who, f.Offset, f.Pointer, offset)
	}
}

// checkHuman checks what every finding owes its reader.
func checkHuman(t *testing.T, f devicemodel.Finding) {
	t.Helper()
	if f.Text == "" || f.Remedy == "" {
		t.Errorf("finding without text or remedy: %+v", f)
	}
	for _, s := range []string{f.Text, f.Remedy} {
		if strings.HasSuffix(s, ".") || strings.Contains(s, "\n") || strings.Contains(s, "%!") {
			t.Errorf("bad wording: %q", s)
		}
	}
	if _, ok := devicemodel.RuleByID(f.Rule); !ok {
		t.Errorf("rule %s is not explained", f.Rule)
	}
}
