package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestOverrides(t *testing.T) {
	members := []string{"a-b", "a_b", "reset", "reset()", "x/y", "go(a,b)", "alert:hot(note,tilde~)"}
	for _, c := range []struct {
		name   string
		choose Override
		want   map[string]string // what differs from the rules
	}{
		{"by wire name", Override{Names: map[string]string{"a_b": "Better"}}, map[string]string{"a_b": "Better"}},
		{"the number itself, which silences the warning", Override{Names: map[string]string{"a_b": "AB2"}}, nil},
		{"by pointer", Override{Names: map[string]string{"/attributes/a_b": "Better", "/actions/reset": "Restart"}},
			map[string]string{"a_b": "Better", "reset()": "Restart"}},
		{"by URN", Override{Names: map[string]string{urn + ":hot": "Overheated"}}, map[string]string{"alert:hot": "Overheated"}},
		{"slash in a pointer", Override{Names: map[string]string{"/attributes/x~1y": "Ratio"}}, map[string]string{"x/y": "Ratio"}},
		{"argument and field", Override{Names: map[string]string{"/actions/go/arguments/b": "Far",
			"/formats/" + urn + ":hot/fields/tilde~0": "Wave"}},
			map[string]string{"go/b": "Far", "hot/tilde~": "Wave"}},
		{"type", Override{Type: "Gadget"}, map[string]string{"": "Gadget"}},
		{"two names exchanged", Override{Names: map[string]string{"a-b": "AB2", "a_b": "AB"}}, map[string]string{"a-b": "AB2",
			"a_b": "AB"}},
		{"a plain name taken away from a new member", Override{Names: map[string]string{"/attributes/reset": "AB"}},
			map[string]string{"reset": "AB", "a-b": "AB2", "a_b": "AB3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, found := build(t, Input{Overrides: map[string]Override{urn: c.choose}}, model(members...))
			if p == nil {
				t.Fatalf("no package: %+v", found)
			}
			want := map[string]string{"": "Thing", "a-b": "AB", "a_b": "AB2", "reset": "Reset", "reset()": "Reset", "x/y": "XY",
				"go()": "Go", "go/a": "A", "go/b": "B",
				"alert:hot": "Hot", "hot/note": "Note", "hot/tilde~": "Tilde"}
			for k, v := range c.want {
				want[k] = v
			}
			if diff := cmp.Diff(want, names(p)); diff != "" {
				t.Error(diff)
			}
			for _, d := range found {
				if d.Key == "/attributes/a_b" && c.choose.Names["a_b"] != "" {
					t.Errorf("a chosen name is warned about: %s", d.Text)
				}
			}
			forms(t, p)
		})
	}
}

func TestOverrideReplacesTheLock(t *testing.T) {
	l := new(lock.Lock)
	p, _ := build(t, Input{}, model("a", "b"))
	l.Add(p.Facts...)
	p, _ = build(t, Input{Lock: l, Overrides: map[string]Override{urn: {Names: map[string]string{"a": "Better"}}}}, model("a", "b"))
	l.Add(p.Facts...)
	p, found := build(t, Input{Lock: l}, model("a", "b")) // the line of the configuration is gone, the name stays
	if names(p)["a"] != "Better" || len(found) > 0 {
		t.Errorf("%v, %v", names(p), found)
	}
	_, found = build(t, Input{Lock: l, Overrides: map[string]Override{urn: {Names: map[string]string{"a": "B"}}}}, model("a", "b"))
	if len(found) != 1 || found[0].Level != devicemodel.Error || !strings.Contains(found[0].Text, "is taken") {
		t.Errorf("the recorded name of another member was given away: %+v", found)
	}
}

func TestDiagnostics(t *testing.T) {
	chosen := func(key, name string) Input {
		return Input{Overrides: map[string]Override{urn: {Names: map[string]string{key: name}}}}
	}
	for _, c := range []struct {
		name    string
		in      Input
		members []string
		want    Diagnostic // Text and Remedy are parts
	}{
		{"collision", Input{}, []string{"x", "a-b", "a_b"}, Diagnostic{
			Pointer: "/attributes/2/name", Key: "/attributes/a_b", Level: warning,
			Text:   `the attribute "a_b" is called AB2: AB belongs to the attribute "a-b"`,
			Remedy: `for a better name write under overrides in iotcs-gen.yaml: "` + urn + `": {names: {"/attributes/a_b": NewName}}`,
		}},
		{"generated code", Input{}, []string{"update"}, Diagnostic{
			Pointer: "/attributes/0/name", Key: "/attributes/update", Level: warning,
			Text:   `the attribute "update" is called Update2: Update belongs to generated code itself, which has its own Update`,
			Remedy: "overrides",
		}},
		{"go vet", Input{}, []string{"writeByte()"}, Diagnostic{
			Pointer: "/actions/0/name", Key: "/actions/writeByte", Level: warning,
			Text: "WriteByte belongs to a well-known interface, which has a method WriteByte with other parameters", Remedy: "overrides",
		}},
		{"no name", Input{}, []string{"a", "--"}, Diagnostic{
			Pointer: "/attributes/1/name", Key: "/attributes/--", Level: failure, Text: `no Go name can be formed for the attribute "--"`, Remedy: `{"/attributes/--": NewName}`,
		}},
		{"no name for a field", Input{}, []string{"alert:x(a,_)"}, Diagnostic{
			Pointer: "/formats/0/value/fields/1/name", Key: "/formats/" + urn + ":x/fields/_", Level: failure, Text: `field "_"`,
			Remedy: "/fields/_",
		}},
		{"no name for an argument", Input{}, []string{"go(_)"}, Diagnostic{
			Pointer: "/actions/0/arguments/0/name", Key: "/actions/go/arguments/_", Level: failure, Text: `argument "_"`,
			Remedy: "/arguments/_",
		}},
		{"unknown key", chosen("speed", "X"), []string{"a"}, Diagnostic{
			Pointer: "/urn", Key: "speed", Rule: RuleConfig, Level: warning,
			Text: `the configuration names "speed", but the model has no such member`, Remedy: "delete the line",
		}},
		{"ambiguous key", chosen("reset", "X"), []string{"reset", "reset()"}, Diagnostic{
			Pointer: "/attributes/0/name", Key: "/attributes/reset", Level: failure, Text: "several members",
			Remedy: `write one of "/attributes/reset", "/actions/reset"`,
		}},
		{"no Go name", chosen("a", "a b"), []string{"a"}, Diagnostic{
			Pointer: "/attributes/0/name", Key: "/attributes/a", Level: failure,
			Text: `calls the attribute "a" "a b", which is no exported Go name`, Remedy: "upper-case",
		}},
		{"unexported", chosen("a", "better"), []string{"a"}, Diagnostic{
			Pointer: "/attributes/0/name", Key: "/attributes/a", Level: failure, Text: "no exported Go name", Remedy: "upper-case",
		}},
		{"reserved", chosen("a", "Update"), []string{"a"}, Diagnostic{
			Pointer: "/attributes/0/name", Key: "/attributes/a", Level: failure,
			Text: `calls the attribute "a" Update, but that name, or one made from it, is taken`, Remedy: "choose another",
		}},
		{"chosen twice", Input{Overrides: map[string]Override{urn: {Names: map[string]string{"a": "X", "/attributes/a": "Y"}}}},
			[]string{"a"}, Diagnostic{
				Pointer: "/attributes/0/name", Key: "/attributes/a", Level: failure, Text: `both Y and X`, Remedy: "delete one",
			}},
		{"no type name", Input{Overrides: map[string]Override{urn: {Type: "thing"}}}, nil, Diagnostic{
			Pointer: "/urn", Key: "type", Level: failure, Text: `calls the main type "thing"`, Remedy: "upper-case",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, found := build(t, c.in, model(c.members...))
			if len(found) != 1 {
				t.Fatalf("%d diagnostics: %+v", len(found), found)
			}
			got := found[0]
			if !strings.Contains(got.Text, c.want.Text) || !strings.Contains(got.Remedy, c.want.Remedy) {
				t.Errorf("text %q, remedy %q", got.Text, got.Remedy)
			}
			got.Text, got.Remedy, c.want.Text, c.want.Remedy = "", "", "", ""
			c.want.URN = urn
			if c.want.Rule == "" {
				c.want.Rule = "M12"
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if (p == nil) != (got.Level == failure) {
				t.Errorf("level %v, package %v", got.Level, p != nil)
			}
		})
	}
}

func TestDiagnosticsAreSorted(t *testing.T) {
	in := Input{}
	for _, u := range []string{"urn:c", "urn:a", "urn:b"} {
		m := model("x", "update", "send")
		m.URN = u
		in.Models = append(in.Models, m)
	}
	_, found, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range found {
		got = append(got, d.URN+d.Pointer)
	}
	want := []string{"urn:a/attributes/2/name", "urn:a/attributes/1/name", "urn:b/attributes/2/name", "urn:b/attributes/1/name",
		"urn:c/attributes/2/name", "urn:c/attributes/1/name"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
