package gen_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/gen"
	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/gen/plan"
	"github.com/iotcs-go/iotcs/internal/racetest"
)

func TestGenerateAndCheck(t *testing.T) {
	w := newWorld(t)
	want := []string{
		"MISSING generated/lamp/device.go", "MISSING generated/lamp/model.go",
		"MISSING generated/pump/alerts.go", "MISSING generated/pump/device.go", "MISSING generated/pump/model.go", "MISSING generated/iotcs-gen.lock",
	}
	if diff := cmp.Diff(want, w.drift(gen.Flags{})); diff != "" {
		t.Error("before", diff)
	}
	if names := w.names("generated"); names != nil {
		t.Errorf("Run has written %v", names)
	}
	s := w.generate(gen.Flags{}, gen.WriteOptions{})
	if len(s.Written) != 6 || s.Current != 0 || len(s.Deleted) != 0 || len(s.Left) != 0 {
		t.Errorf("first: %+v", s)
	}
	if drift := w.drift(gen.Flags{}); drift != nil {
		t.Errorf("after: %v", drift)
	}
	before := w.tree("generated")
	s = w.generate(gen.Flags{}, gen.WriteOptions{})
	if len(s.Written) != 0 || s.Current != 6 {
		t.Errorf("second: %+v", s)
	}
	if diff := cmp.Diff(before, w.tree("generated")); diff != "" {
		t.Error(diff)
	}
}

func TestStaleFilesAreNamedWithModelAndDiff(t *testing.T) {
	w := newWorld(t)
	w.generate(gen.Flags{}, gen.WriteOptions{})
	w.write("models/dm-urn%3Atest%3Apump.json", strings.Replace(pump, "0,3000", "0,4000", 1))
	drift := w.run(gen.Flags{}).Drift()
	if len(drift) == 0 {
		t.Fatal("nothing is stale")
	}
	for _, d := range drift {
		if d.Rule != gen.RuleStale || d.Line < 2 || !strings.Contains(d.Text, "dm-urn%3Atest%3Apump.json") || d.Remedy == "" {
			t.Errorf("%s", d)
		}
		if text := string(d.Diff); !strings.Contains(text, "\n+") || !strings.HasPrefix(text, "--- a/generated/pump/") || !strings.Contains(text, "4000") {
			t.Errorf("diff %s", text)
		}
	}
	s := w.generate(gen.Flags{}, gen.WriteOptions{})
	if len(s.Written) != len(drift) || slices.Contains(s.Written, filepath.Join("generated", "lamp", "device.go")) {
		t.Errorf("written %v", s.Written)
	}
}

func TestWhiteSpaceInAModelChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.generate(gen.Flags{}, gen.WriteOptions{})
	w.write("models/dm-urn%3Atest%3Apump.json", "\xef\xbb\xbf"+strings.ReplaceAll(pump, "\n", "\r\n\t"))
	if drift := w.drift(gen.Flags{}); drift != nil {
		t.Error(drift)
	}
}

// Version control may change line ends: that is no edit and no difference.
func TestLineEndsOnDiskDoNotCount(t *testing.T) {
	w := newWorld(t)
	w.generate(gen.Flags{}, gen.WriteOptions{})
	for name, text := range w.tree("generated") {
		w.write("generated/"+name, strings.ReplaceAll(text, "\n", "\r\n"))
	}
	if drift := w.drift(gen.Flags{}); drift != nil {
		t.Error(drift)
	}
}

func TestEverythingWrongIsToldInOneRun(t *testing.T) {
	w := newWorld(t)
	w.write("models/broken.json", `{"urn": "urn:test:broken"`)
	w.write("models/reversed.json", `{"urn": "urn:test:r", "name": "R", "attributes": [{"name": "a", "type": "INTEGER", "range": "9,0"}]}`)
	w.write("models/twin.json", pump)
	w.write("models/schema.json", `{"urn": "urn:test:s", "name": "S", "created": "x"}`)
	w.write("models/package.json", `{"name": "not a model"}`)
	w.write("generated/iotcs-gen.lock", "urn:test:pump attribute speed\n")
	r := w.run(gen.Flags{})
	if !r.Failed() || r.Folders != nil {
		t.Fatal("not refused")
	}
	rules := make(map[string]int)
	for _, d := range r.Diagnostics {
		rules[d.Rule]++
	}
	if diff := cmp.Diff(map[string]int{"JSON": 1, "M06": 1, "URN": 1, "SCHEMA": 1, "SKIP": 1, "LOCK": 1}, rules); diff != "" {
		t.Errorf("%s\n%s", diff, text(r.Diagnostics))
	}
	if _, err := r.Write(t.Context(), gen.WriteOptions{Force: true}); err == nil {
		t.Error("a failed result was written")
	}
}

func TestNoModels(t *testing.T) {
	w := world{t, t.TempDir()}
	w.write("models/package.json", `{"name": "x"}`)
	if r := w.run(gen.Flags{}); !r.Failed() || !strings.Contains(text(r.Diagnostics), "models: there is no device model; put dm-*.json files there or name another folder (READ)") {
		t.Error(text(r.Diagnostics))
	}
	w.remove("models")
	if r := w.run(gen.Flags{}); !r.Failed() || !strings.Contains(text(r.Diagnostics), "models: no such file or directory") {
		t.Error(text(r.Diagnostics))
	}
}

func TestOneURNOnly(t *testing.T) {
	w := newWorld(t)
	s := w.generate(gen.Flags{URNs: []string{"urn:test:lamp"}}, gen.WriteOptions{})
	want := []string{"iotcs-gen.lock", "lamp/device.go", "lamp/model.go"}
	if diff := cmp.Diff(want, w.names("generated")); diff != "" || len(s.Written) != 3 {
		t.Errorf("%+v %s", s, diff)
	}
	if lock := w.read("generated/iotcs-gen.lock"); strings.Count(lock, "pump") != 2 || !strings.Contains(lock, "\nurn:test:pump package pump\n") {
		t.Errorf("of what was not generated the lock records more or less than the package name:\n%s", lock)
	}
	w.generate(gen.Flags{}, gen.WriteOptions{})
	before := w.read("generated/iotcs-gen.lock")
	w.generate(gen.Flags{URNs: []string{"urn:test:lamp"}}, gen.WriteOptions{})
	if diff := cmp.Diff(before, w.read("generated/iotcs-gen.lock")); diff != "" {
		t.Error("the lock lost what was not generated", diff)
	}
	r := w.run(gen.Flags{URNs: []string{"urn:test:lamb"}})
	if !r.Failed() || text(r.Diagnostics) != `urn:test:lamb: none of the device models has this URN; did you mean "urn:test:lamp"? (URN)` {
		t.Error(text(r.Diagnostics))
	}
}

func TestOverrides(t *testing.T) {
	w := newWorld(t)
	w.write("iotcs-gen.yaml", `
overrides:
  urn:test:pump: {package: waterpump, type: WaterPump, names: {left-door: Hatch}}
  urn:test:pimp: {package: x}
`)
	r := w.run(gen.Flags{})
	if got, want := text(r.Diagnostics), `iotcs-gen.yaml:4:3: warning: none of the device models has the URN "urn:test:pimp"; did you mean "urn:test:pump"? (CONFIG)`; got != want {
		t.Errorf("got %s", got)
	}
	w.generate(gen.Flags{}, gen.WriteOptions{})
	if text := w.read("generated/waterpump/device.go"); !strings.Contains(text, "func (p *WaterPump) SetHatch(") {
		t.Error(text)
	}
	w.generate(gen.Flags{Models: []string{"models/dm-urn%3Atest%3Apump.json"}, Out: "other"}, gen.WriteOptions{})
	if diff := cmp.Diff([]string{"iotcs-gen.lock", "waterpump/alerts.go", "waterpump/device.go", "waterpump/model.go"}, w.names("other")); diff != "" {
		t.Error("overrides do not apply beside --out", diff)
	}
}

func TestDiagnosticsOfThePlanHavePositions(t *testing.T) {
	w := world{t, t.TempDir()}
	w.write("models/m.json", `{"urn": "urn:test:m", "name": "M",
 "attributes": [{"name": "a-b", "type": "STRING"}, {"name": "a_b", "type": "STRING"}, {"name": "--", "type": "STRING"}]}`)
	found, err := gen.Lint(t.Context(), w.load(gen.Flags{}))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 || found[0].Rule != "M12" || found[0].Level != gen.Warning || found[0].Line != 2 || found[0].Col != 61 || found[1].Level != gen.Error || found[1].Col != 96 {
		t.Error(text(found))
	}
	if r := w.run(gen.Flags{}); !r.Failed() || text(r.Diagnostics) != text(found) {
		t.Error(text(r.Diagnostics))
	}
}

// The line that a warning shows can be copied into the configuration as it stands.
func TestRemedyOfACollisionWorks(t *testing.T) {
	w := world{t, t.TempDir()}
	w.write("models/m.json", `{"urn": "urn:test:m", "name": "M", "attributes": [{"name": "a-b", "type": "STRING"}, {"name": "a_b", "type": "STRING"}, {"name": "..", "type": "URI"}]}`)
	config := "overrides:\n"
	lines := make(map[string]string)
	for i, d := range w.run(gen.Flags{}).Diagnostics {
		_, line, ok := strings.Cut(d.Remedy, "iotcs-gen.yaml: ")
		if !ok {
			t.Fatal(d)
		}
		urn, names, _ := strings.Cut(line, ": {names: {")
		lines[urn] += strings.TrimSuffix(strings.Replace(names, "NewName", "Name"+string(rune('A'+i)), 1), "}}") + ", "
	}
	for urn, names := range lines {
		config += "  " + urn + ": {names: {" + names + "}}\n"
	}
	w.write("iotcs-gen.yaml", config)
	if r := w.run(gen.Flags{}); len(r.Diagnostics) != 0 {
		t.Errorf("%s\n%s", config, text(r.Diagnostics))
	}
}

func TestSeveralOutputs(t *testing.T) {
	w := newWorld(t)
	w.write("iotcs-gen.yaml", "outputs:\n- {models: [models], out: a}\n- {models: [models/dm-urn%3Atest%3Apump.json], out: b/c}\n")
	w.generate(gen.Flags{}, gen.WriteOptions{})
	if a, b := len(w.names("a")), w.names("b"); a != 6 || !slices.Equal(b, []string{"c/iotcs-gen.lock", "c/pump/alerts.go", "c/pump/device.go", "c/pump/model.go"}) {
		t.Errorf("a %d, b %v", a, b)
	}
	if r := w.run(gen.Flags{}); r.Packages() != 3 || r.Drift() != nil {
		t.Errorf("%d packages, drift %v", r.Packages(), r.Drift())
	}
}

func TestRunStopsWithContext(t *testing.T) {
	w := newWorld(t)
	c := w.load(gen.Flags{})
	r := w.run(gen.Flags{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := gen.Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	if _, err := gen.Lint(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("Lint: %v", err)
	}
	if _, err := r.Write(ctx, gen.WriteOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Write: %v", err)
	}
	if names := w.names("generated"); names != nil {
		t.Errorf("written: %v", names)
	}
}

// The same models give the same bytes: ten times, from another folder, under other file names, with members in another order.
func TestSameBytesAlways(t *testing.T) {
	w := world{t, t.TempDir()}
	models, err := filepath.Abs("../models")
	if err != nil {
		t.Fatal(err)
	}
	w.generate(gen.Flags{Models: []string{models}, Out: "0"}, gen.WriteOptions{})
	want := w.tree("0")
	times := 10
	if racetest.Enabled {
		times = 2 // the pass without the detector does all
	}
	for i := range times {
		r := w.run(gen.Flags{Models: []string{models}, Out: "out"})
		compareContent(t, want, r)
		if i == 0 {
			continue
		}
		other := world{t, t.TempDir()}
		other.dir = other.path("some/where/else")
		for j, text := range shuffled(t, models, i) {
			other.write("m/"+string(rune('a'+j))+".json", text)
		}
		other.generate(gen.Flags{Models: []string{"m"}, Out: "x/y"}, gen.WriteOptions{})
		if diff := cmp.Diff(want, other.tree("x/y")); diff != "" {
			t.Fatal(diff)
		}
	}
}

func compareContent(t *testing.T, want map[string]string, r *gen.Result) {
	t.Helper()
	got := make(map[string]string)
	for _, f := range r.Folders {
		for _, file := range f.Files {
			got[file.Path] = string(file.Content)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

// shuffled gives the models of a folder with their lists turned by n, but for arguments, and with members in alphabetical order.
func shuffled(t *testing.T, dir string, n int) []string {
	files := world{t, dir}.tree(".")
	var all []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		var v any
		if err := json.Unmarshal([]byte(files[name]), &v); err != nil {
			t.Fatal(err)
		}
		turn(v, n)
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

func turn(v any, n int) {
	switch v := v.(type) {
	case map[string]any:
		for k, below := range v {
			turn(below, n)
			if list, ok := below.([]any); ok && k != "arguments" && len(list) > 0 {
				v[k] = append(slices.Clone(list[n%len(list):]), list[:n%len(list)]...)
			}
		}
	case []any:
		for _, below := range v {
			turn(below, n)
		}
	}
}

func TestLoadedOverridesReachThePlan(t *testing.T) {
	w := newWorld(t)
	w.write("iotcs-gen.yaml", "overrides:\n  \"urn:test:pump\": {names: {left-door: Hatch, \"/formats/urn:test:pump:hot/fields/temp\": Degrees}}")
	c := w.load(gen.Flags{})
	want := map[string]plan.Override{"urn:test:pump": {Names: map[string]string{"left-door": "Hatch", "/formats/urn:test:pump:hot/fields/temp": "Degrees"}}}
	if diff := cmp.Diff(want, c.Overrides); diff != "" {
		t.Error(diff)
	}
}

// A lock in which git has left its conflict markers counts as the union of both sides, and is written anew.
func TestLockWithConflictMarkers(t *testing.T) {
	w := newWorld(t)
	w.generate(gen.Flags{}, gen.WriteOptions{})
	want := w.tree("generated")
	text := want["iotcs-gen.lock"]
	half := strings.LastIndex(text[:len(text)/2], "\n") + 1
	w.write("generated/iotcs-gen.lock", "<<<<<<< ours\n"+text[:half]+"=======\n"+text[half:]+">>>>>>> theirs\n")
	if diff := cmp.Diff([]string{"STALE generated/iotcs-gen.lock"}, w.drift(gen.Flags{})); diff != "" {
		t.Error(diff)
	}
	w.generate(gen.Flags{}, gen.WriteOptions{})
	if diff := cmp.Diff(want, w.tree("generated")); diff != "" {
		t.Error(diff)
	}
}

func TestLockIsRefused(t *testing.T) {
	w := newWorld(t)
	for name, tt := range map[string]struct{ text, want string }{
		"damaged line":        {"# comment\nurn:test:pump attribute\n", "generated/iotcs-gen.lock:2:1: "},
		"path out of folder":  {"urn:test:pump file ../../x.go\n", "generated/iotcs-gen.lock:1:1: "},
		"name that is no one": {"urn:test:pump attribute speed sp-eed\n", "generated/iotcs-gen.lock:1:1: "},
	} {
		t.Run(name, func(t *testing.T) {
			w.write("generated/"+lock.FileName, tt.text)
			r := w.run(gen.Flags{})
			if !r.Failed() || !strings.HasPrefix(filepath.ToSlash(text(r.Diagnostics)), tt.want) || r.Diagnostics[0].Rule != gen.RuleLock || r.Diagnostics[0].Remedy == "" {
				t.Error(text(r.Diagnostics))
			}
		})
	}
	t.Run("a folder", func(t *testing.T) {
		w.remove("generated/" + lock.FileName)
		w.write("generated/"+lock.FileName+"/x", "")
		if r := w.run(gen.Flags{}); !r.Failed() || r.Diagnostics[0].Rule != gen.RuleLock {
			t.Error(text(r.Diagnostics))
		}
	})
}
