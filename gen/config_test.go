package gen_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/gen"
	"github.com/iotcs-go/iotcs/gen/plan"
)

func TestConfigFile(t *testing.T) {
	defaults := []gen.Output{{Models: []string{"models"}, Out: "generated"}}
	tests := []struct {
		name, text string
		outputs    []gen.Output
		overrides  map[string]plan.Override
	}{
		{"empty", "", defaults, nil},
		{"comments only", "# nothing\n", defaults, nil},
		{"the template of init", gen.Template, defaults, nil},
		{"two outputs", "outputs:\n  - models: [a, b/dm-x.json]\n    out: x/y\n  - {models: [c], out: ./z/}\n",
			[]gen.Output{{Models: []string{"a", "b/dm-x.json"}, Out: "x/y"}, {Models: []string{"c"}, Out: "z"}}, nil},
		{"JSON is YAML", `{"outputs": [{"models": ["a"], "out": "b"}]}`, []gen.Output{{Models: []string{"a"}, Out: "b"}}, nil},
		{"overrides", "overrides:\n  urn:a:b:\n    package: x\n    type: Y\n    names:\n      a-b: AB\n      /actions/a-b: DoAB\n  urn:c:\n",
			defaults, map[string]plan.Override{"urn:a:b": {Package: "x", Type: "Y", Names: map[string]string{"a-b": "AB", "/actions/a-b": "DoAB"}}, "urn:c": {}}},
		{"texts in every style", "outputs:\n- models: ['a', \"b\"]\n  out: >-\n    c\n", []gen.Output{{Models: []string{"a", "b"}, Out: "c"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := world{t, t.TempDir()}
			w.write("iotcs-gen.yaml", tt.text)
			c := w.load(gen.Flags{})
			for i := range c.Outputs {
				c.Outputs[i].Out = filepath.ToSlash(c.Outputs[i].Out)
				for j, m := range c.Outputs[i].Models {
					c.Outputs[i].Models[j] = filepath.ToSlash(m)
				}
			}
			if diff := cmp.Diff(tt.outputs, c.Outputs); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.overrides, c.Overrides); diff != "" {
				t.Error(diff)
			}
			if !c.Whole() {
				t.Error("not whole")
			}
		})
	}
}

func TestConfigMistakes(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"unknown members", "outptus: []\noutputs:\n  - model: [a]\n    out: b\noverrides:\n  urn:a:\n    packge: x\n    color: red\n", []string{
			`1:1: the configuration has no member "outptus"; did you mean "outputs"? (CONFIG)`,
			`3:5: an output has no member "model"; did you mean "models"? (CONFIG)`,
			`7:5: the entry of a device model has no member "packge"; did you mean "package"? (CONFIG)`,
			`8:5: the entry of a device model has no member "color"; leave it out (CONFIG)`,
		}},
		{"wrong kinds", "outputs: models\noverrides: [a]\n", []string{
			`1:10: "outputs" is a text, a list was expected; write "- value" lines or [value, value] (CONFIG)`,
			`2:12: "overrides" is a list, a mapping was expected; write "name: value" lines (CONFIG)`,
		}},
		{"wrong kinds below", "outputs:\n- models: [1, true, [a], {b: c}, '']\n  out: 5\n", []string{
			`2:12: a path of models is a number, a text was expected; write a text, in quotes if need be (CONFIG)`,
			`2:15: a path of models is true or false, a text was expected; write a text, in quotes if need be (CONFIG)`,
			`2:21: a path of models is a list, a text was expected; write a text, in quotes if need be (CONFIG)`,
			`2:26: a path of models is a mapping, a text was expected; write a text, in quotes if need be (CONFIG)`,
			`2:34: a path of models is empty; give it a value or leave it out (CONFIG)`,
			`3:8: "out" is a number, a text was expected; write a text, in quotes if need be (CONFIG)`,
		}},
		{"members left out", "outputs:\n- out: a\n- models: [b]\n- {}\n", []string{
			`2:3: the output has no "models"; add "models: [models]" (CONFIG)`,
			`3:3: the output has no "out"; add "out: generated" (CONFIG)`,
			`4:3: the output has no "out"; add "out: generated" (CONFIG)`,
			`4:3: the output has no "models"; add "models: [models]" (CONFIG)`,
		}},
		{"no outputs", "outputs: []\n", []string{`1:1: "outputs" names no folder; add one, or delete "outputs" to generate models/ into generated/ (CONFIG)`}},
		{"one folder twice", "outputs:\n- {models: [a], out: x}\n- {models: [b], out: ./x/}\n", []string{`3:3: two outputs go to "x"; join their lists of models (CONFIG)`}},
		{"member twice", "outputs:\n- models: [a]\n  out: x\noutputs: []\n", []string{`4:1: mapping key "outputs" already defined at [1:1]; correct the YAML; inside { } a URN needs quotes (CONFIG)`}},
		{"not YAML", "outputs: [a\n", []string{`1:10: sequence end token ']' not found; correct the YAML; inside { } a URN needs quotes (CONFIG)`}},
		{"tab", "\toutputs: []\n", []string{`1:8: `}},
		{"list at the top", "- a\n", []string{`1:1: the configuration is a list, a mapping was expected; write "name: value" lines (CONFIG)`}},
		{"text at the top", "generate everything\n", []string{`1:1: the configuration is a text, a mapping was expected; write "name: value" lines (CONFIG)`}},
		{"two documents", "outputs:\n- {models: [a], out: b}\n---\noutputs: []\n", []string{`4:1: there is a second YAML document; keep one document (CONFIG)`}},
		{"anchors and aliases", "overrides:\n  urn:a: &x {package: y}\n  urn:b: *x\n", []string{
			`2:10: the entry of a device model is YAML that is not supported here (anchor, alias, merge or tag), a mapping was expected; write "name: value" lines (CONFIG)`,
			`3:10: the entry of a device model is YAML that is not supported here (anchor, alias, merge or tag), a mapping was expected; write "name: value" lines (CONFIG)`,
		}},
		{"tag", "outputs: !!seq []\n", []string{`1:10: "outputs" is YAML that is not supported here`}},
		{"key that is no text", "[a]: b\n1: c\n", []string{`1:`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := world{t, t.TempDir()}
			w.write("iotcs-gen.yaml", tt.text)
			_, found := gen.Load(w.dir, gen.Flags{})
			got := strings.Split(text(found), "\n")
			if len(got) != len(tt.want) {
				t.Fatalf("got %d:\n%s", len(got), text(found))
			}
			for i, want := range tt.want {
				want = "iotcs-gen.yaml:" + want
				if got[i] != want && (strings.HasSuffix(want, "(CONFIG)") || !strings.HasPrefix(got[i], want)) {
					t.Errorf("got  %s\nwant %s", got[i], want)
				}
			}
		})
	}
}

func TestConfigIsFound(t *testing.T) {
	const there, here = "outputs: [{models: [there], out: o}]\n", "outputs: [{models: [here], out: o}]\n"
	tests := []struct {
		name  string
		files map[string]string
		flags gen.Flags
		want  string // models
	}{
		{"in the working directory", map[string]string{"m/a/iotcs-gen.yaml": here, "m/iotcs-gen.yaml": there, "m/go.mod": ""}, gen.Flags{}, "here"},
		{"in the module's root", map[string]string{"m/iotcs-gen.yaml": there, "m/go.mod": ""}, gen.Flags{}, "../there"},
		{"not above the module", map[string]string{"iotcs-gen.yaml": there, "m/go.mod": ""}, gen.Flags{}, "models"},
		{"not above the working directory outside a module", map[string]string{"m/iotcs-gen.yaml": there}, gen.Flags{}, "models"},
		{"named", map[string]string{"m/other/c.yaml": there, "m/a/iotcs-gen.yaml": here}, gen.Flags{Config: "../other/c.yaml"}, "../other/there"},
		{"none", nil, gen.Flags{}, "models"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := world{t, t.TempDir()}
			w.write("m/a/x", "")
			for name, text := range tt.files {
				w.write(name, text)
			}
			c, found := gen.Load(w.path("m/a"), tt.flags)
			if len(found) != 0 {
				t.Fatal(text(found))
			}
			if got := filepath.ToSlash(c.Outputs[0].Models[0]); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestConfigWithTheWrongEnding(t *testing.T) {
	w := newWorld(t)
	w.write("iotcs-gen.yml", "outputs: []\n")
	_, found := gen.Load(w.dir, gen.Flags{})
	if got, want := text(found), "iotcs-gen.yml: warning: not read: the configuration is called iotcs-gen.yaml; rename it (CONFIG)"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestUnreadableConfig(t *testing.T) {
	w := newWorld(t)
	w.write("folder/x", "")
	w.write("big.yaml", strings.Repeat("#\n", 1<<20))
	for _, name := range []string{"gone.yaml", "folder", "big.yaml"} {
		_, found := gen.Load(w.dir, gen.Flags{Config: name})
		if gen.Worst(found) != gen.Error || found[0].File != name || found[0].Rule != gen.RuleConfig || found[0].Remedy == "" {
			t.Errorf("%s: %s", name, text(found))
		}
	}
}

func TestFlags(t *testing.T) {
	const one, two = "outputs: [{models: [a], out: x}]\n", "outputs: [{models: [a], out: x}, {models: [b], out: y}]\n"
	tests := []struct {
		name, config string
		flags        gen.Flags
		want         []gen.Output
		whole        bool
	}{
		{"models alone keep the folder", one, gen.Flags{Models: []string{"m"}}, []gen.Output{{Models: []string{"m"}, Out: "x"}}, false},
		{"folder alone keeps the models", one, gen.Flags{Out: "z"}, []gen.Output{{Models: []string{"a"}, Out: "z"}}, true},
		{"folder alone takes the models of all", two, gen.Flags{Out: "z"}, []gen.Output{{Models: []string{"a", "b"}, Out: "z"}}, true},
		{"both", two, gen.Flags{Models: []string{"m"}, Out: "z"}, []gen.Output{{Models: []string{"m"}, Out: "z"}}, true},
		{"both, but a folder of the configuration", two, gen.Flags{Models: []string{"m"}, Out: "y/"}, []gen.Output{{Models: []string{"m"}, Out: "y"}}, false},
		{"models without a configuration", "", gen.Flags{Models: []string{"m"}}, []gen.Output{{Models: []string{"m"}, Out: "generated"}}, true},
		{"one URN", one, gen.Flags{URNs: []string{"u"}}, []gen.Output{{Models: []string{"a"}, Out: "x"}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := world{t, t.TempDir()}
			if tt.config != "" {
				w.write("iotcs-gen.yaml", tt.config)
			}
			c := w.load(tt.flags)
			if diff := cmp.Diff(tt.want, c.Outputs); diff != "" {
				t.Error(diff)
			}
			if c.Whole() != tt.whole {
				t.Errorf("whole: %v", c.Whole())
			}
		})
	}
	t.Run("models for which of the folders", func(t *testing.T) {
		w := world{t, t.TempDir()}
		w.write("iotcs-gen.yaml", two)
		_, found := gen.Load(w.dir, gen.Flags{Models: []string{"m"}})
		want := "iotcs-gen.yaml: models are named on the command line, but the configuration has several output folders: x, y; choose one of them with --out (CONFIG)"
		if text(found) != want {
			t.Errorf("got %s", text(found))
		}
	})
}

// Paths in a configuration start at its folder, and shown paths at the working directory.
func TestRunFromBelow(t *testing.T) {
	w := newWorld(t)
	w.write("go.mod", "module x\n")
	w.write("iotcs-gen.yaml", "outputs: [{models: [models], out: generated}]\n")
	w.write("cmd/tool/main.go", "package main\n")
	below := world{t, w.path("cmd/tool")}
	s := below.generate(gen.Flags{}, gen.WriteOptions{})
	if len(s.Written) != 6 || s.Written[0] != filepath.Join("..", "..", "generated", "lamp", "device.go") {
		t.Errorf("%+v", s)
	}
	if drift := w.drift(gen.Flags{}); drift != nil {
		t.Error(drift)
	}
}

func TestAbsolutePaths(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("paths of this configuration are written the Unix way")
	}
	w := newWorld(t)
	w.write("iotcs-gen.yaml", "outputs:\n- models: ['"+w.path("models")+"']\n  out: '"+w.path("g")+"'\n")
	other := world{t, t.TempDir()}
	s := other.generate(gen.Flags{Config: w.path("iotcs-gen.yaml")}, gen.WriteOptions{})
	if len(s.Written) != 6 || s.Written[0] != w.path("g/lamp/device.go") {
		t.Errorf("%+v", s)
	}
}

func TestHostileConfig(t *testing.T) {
	for _, unit := range []string{"[", "{a: ", "- ", "? ", "&a ", "!!a ", "a: b\n", `"`, "- - a\n", "a:\n", "- a\n ", "# ", "'", "|\n"} {
		w := world{t, t.TempDir()}
		w.write("iotcs-gen.yaml", strings.Repeat(unit, 50_000/len(unit)))
		if _, found := gen.Load(w.dir, gen.Flags{}); len(found) > 100_000 {
			t.Errorf("%q: %d diagnostics", unit, len(found))
		}
	}
}

func FuzzConfig(f *testing.F) {
	for _, s := range []string{gen.Template, "outputs:\n- {models: [a], out: b}\n", "overrides:\n  urn:a: {names: {a: B}}\n", "a: &x [*x]\n", "? a\n: b\n", "<<: {a: b}\n", "---\n---\n", "%YAML 1.2\n", "\t", "'", "|\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := world{t, t.TempDir()}
		w.write("iotcs-gen.yaml", string(data))
		c, found := gen.Load(w.dir, gen.Flags{})
		for _, d := range found {
			if d.Text == "" || d.Remedy == "" || d.Line < 1 || d.Col < 1 {
				t.Errorf("incomplete: %+v", d)
			}
		}
		if gen.Worst(found) != gen.Error && len(c.Outputs) == 0 {
			t.Error("no outputs and no error")
		}
		for _, o := range c.Outputs {
			if gen.Worst(found) != gen.Error && (o.Out == "" || len(o.Models) == 0) {
				t.Errorf("incomplete output %+v", o)
			}
		}
	})
}
