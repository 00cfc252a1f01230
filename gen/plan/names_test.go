package plan

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

const urn = "urn:com:example:thing"

// model makes a model of member names: attributes as they are, "name()" for actions, "name(a,b)" with arguments, "alert:…" and "data:…" for
// formats, "alert:…(a,b)" with fields. Alerts have URNs under the model's, data has not.
func model(members ...string) *devicemodel.Model {
	m := &devicemodel.Model{URN: urn, Name: "Thing"}
	for _, s := range members {
		name, rest, inner := strings.Cut(s, "(")
		parts := strings.FieldsFunc(strings.TrimSuffix(rest, ")"), func(r rune) bool { return r == ',' })
		kind, suffix, format := strings.Cut(name, ":")
		switch {
		case format:
			f := devicemodel.Format{URN: "urn:data:" + suffix, Name: suffix, Type: devicemodel.Data}
			if kind == "alert" {
				f = devicemodel.Format{URN: urn + ":" + suffix, Name: "Alert", Type: devicemodel.Alert}
			}
			for _, p := range parts {
				f.Fields = append(f.Fields, devicemodel.Field{Name: p, Type: devicemodel.Integer})
			}
			m.Formats = append(m.Formats, f)
		case inner:
			a := devicemodel.Action{Name: name, Named: true}
			for _, p := range parts {
				a.Arguments = append(a.Arguments, devicemodel.Argument{Name: p, Type: devicemodel.Integer})
			}
			m.Actions = append(m.Actions, a)
		default:
			m.Attributes = append(m.Attributes, devicemodel.Attribute{Name: name, Type: devicemodel.Integer})
		}
	}
	return m
}

// build plans one model.
func build(t *testing.T, in Input, m *devicemodel.Model) (*Package, []Diagnostic) {
	t.Helper()
	in.Models = []*devicemodel.Model{m}
	p, found, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Packages) == 0 {
		return nil, found
	}
	return &p.Packages[0], found
}

// names gives the Go names of members, by the text that makes them in model, and of the type as "".
func names(p *Package) map[string]string {
	all := make(map[string]string)
	for _, f := range p.Facts {
		switch f.Kind {
		case lock.Type:
			all[""] = f.Name
		case lock.Attribute:
			all[f.Wire] = f.Name
		case lock.Action:
			all[f.Wire+"()"] = f.Name
		case lock.Alert, lock.Data:
			all[string(f.Kind)+":"+trim(f.Wire)] = f.Name
		case lock.Argument, lock.Field:
			all[trim(f.In)+"/"+f.Wire] = f.Name
		}
	}
	return all
}

func trim(format string) string {
	return strings.TrimPrefix(strings.TrimPrefix(format, urn+":"), "urn:data:")
}

func TestCollisions(t *testing.T) {
	for _, c := range []struct {
		name    string
		members []string
		want    map[string]string
	}{
		{"none", []string{"a", "b"}, map[string]string{"a": "A", "b": "B"}},
		{"dash and underscore", []string{"a-b", "a_b", "a.b"}, map[string]string{"a-b": "AB", "a.b": "AB2", "a_b": "AB3"}},
		{"upper and lower case", []string{"speed", "Speed"}, map[string]string{"Speed": "Speed", "speed": "Speed2"}},
		{"a plain name before numbers", []string{"a", "A", "a2"}, map[string]string{"A": "A", "a": "A3", "a2": "A2"}},
		{"attribute, action, alert and data of one name", []string{"reset", "reset()", "alert:reset", "data:reset"},
			map[string]string{"reset": "Reset", "reset()": "Reset", "alert:reset": "Reset", "data:reset": "Reset"}},
		{"attribute like a method made from another", []string{"humidity", "set_humidity", "offer-humidity", "on.humidity",
			"on_humidity_error"},
			map[string]string{"humidity": "Humidity", "set_humidity": "SetHumidity2", "offer-humidity": "OfferHumidity2",
				"on.humidity":       "OnHumidity2",
				"on_humidity_error": "OnHumidityError2"}},
		{"methods of the main type", []string{"update", "virtual", "handle-actions", "onChange", "change"},
			map[string]string{"update": "Update2", "virtual": "Virtual2", "handle-actions": "HandleActions2",
				"onChange": "OnChange3", "change": "Change2"}},
		{"methods of updates", []string{"send", "offer", "raise", "submit", "severity", "on-error"},
			map[string]string{"send": "Send2", "offer": "Offer2", "raise": "Raise", "submit": "Submit", "severity": "Severity",
				"on-error": "OnError2"}},
		{"methods of alerts and data", []string{"alert:x(send,offer,raise,submit,severity,on-error)"},
			map[string]string{"x/send": "Send2", "x/offer": "Offer2", "x/raise": "Raise2", "x/submit": "Submit2",
				"x/severity": "Severity2", "x/on-error": "OnError2"}},
		{"names that the main type leaves free", []string{"close", "get", "set", "URN", "new", "string", "error", "fingerprint",
			"changes", "actions"},
			map[string]string{"close": "Close", "get": "Get", "set": "Set", "URN": "URN", "new": "New", "string": "String",
				"error":       "Error",
				"fingerprint": "Fingerprint", "changes": "Changes", "actions": "Actions"}},
		{"methods that go vet knows", []string{"readByte", "seek", "marshal_JSON", "writeByte()", "readByte()"},
			map[string]string{"readByte": "ReadByte2", "seek": "Seek2", "marshal_JSON": "MarshalJSON2", "writeByte()": "WriteByte2",
				"readByte()": "ReadByte2"}},
		{"actions are free of the main type's methods", []string{"update()", "virtual()", "send()"},
			map[string]string{"update()": "Update", "virtual()": "Virtual", "send()": "Send"}},
		{"attribute like an alert's constructor", []string{"newHotAlert", "alert:hot"},
			map[string]string{"newHotAlert": "NewHotAlert", "alert:hot": "Hot2"}},
		{"data like an alert's fields", []string{"alert:hot", "data:hot-alert"}, map[string]string{"alert:hot": "Hot",
			"data:hot-alert": "HotAlert"}},
		{"the word alert", []string{"alert:hot", "alert:hot_alert", "alert:alert:hot"},
			map[string]string{"alert:alert:hot": "Hot", "alert:hot": "Hot2", "alert:hot_alert": "Hot3"}},
		{"fields", []string{"alert:hot(send,a-b,a_b,severity,set)"},
			map[string]string{"hot/send": "Send2", "hot/a-b": "AB", "hot/a_b": "AB2", "hot/severity": "Severity2", "hot/set": "Set"}},
		{"arguments", []string{"go(send,a-b,a_b,ctx)"}, map[string]string{"go/send": "Send", "go/a-b": "AB", "go/a_b": "AB2",
			"go/ctx": "Ctx"}},
		{"attribute like a constant of the type", []string{"thing"}, map[string]string{"thing": "Thing", "": "Thing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 4 {
				p, _ := build(t, Input{}, model(c.members...))
				got := names(p)
				for member, want := range c.want {
					if got[member] != want {
						t.Errorf("%s is %s, want %s", member, got[member], want)
					}
				}
				rand.Shuffle(len(c.members), func(i, j int) { c.members[i], c.members[j] = c.members[j], c.members[i] })
			}
		})
	}
}

func TestTypeLikeOtherNames(t *testing.T) {
	m := model("foo", "alert:pump")
	m.URN = "urn:x:fooMin"
	p, _ := build(t, Input{}, m)
	if p.Type != "FooMin" || p.Attributes[0].Name != "Foo2" {
		t.Errorf("type %s, attribute %s", p.Type, p.Attributes[0].Name)
	}
}

// forms gives every identifier that a package declares, by scope.
func forms(t *testing.T, p *Package) map[claim]string {
	t.Helper()
	all := make(map[claim]string)
	for _, f := range p.Facts {
		if f.Kind == lock.Package || f.Kind == lock.File || f.Kind == lock.Field || f.Kind == lock.Argument {
			continue
		}
		for _, c := range claims(f.Kind, f.Name) {
			if c.reserved() != "" {
				t.Errorf("%s %q takes the reserved %s", f.Kind, f.Wire, c.name)
			}
			if other, taken := all[c]; taken {
				t.Errorf("%s and %s %q both take %s", other, f.Kind, f.Wire, c.name)
			}
			all[c] = string(f.Kind) + " " + f.Wire
		}
	}
	return all
}

// vocabulary is full of names that collide with each other and with generated code.
var vocabulary = []string{
	"a", "A", "a-a", "a_a", "aA", "a2", "a-2", "a3", "set-a", "setA", "offer_a", "onA", "on-a-error", "aMin", "a-max", "update",
	"update2", "Update", "send", "send_2",
	"change", "virtual", "newAAlert", "a()", "A()", "a-a()", "aA()", "readByte()", "read-byte", "alert:a", "data:a", "alert:A",
	"alert:a-alert", "data:a_data", "alert:alert:a",
	"thing", "thing-min", "温度", "温-度", "X温度", "3", "x3", "X3",
}

// Adding, removing and reordering members at random never renames one that stays, or that comes back, as long as the lock is kept.
func TestNamesStayWhileTheLockIsKept(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		l := new(lock.Lock)
		ever := make(map[string]string)
		for step := range 25 {
			members := slices.Clone(vocabulary)
			r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
			p, _ := build(t, Input{Lock: l}, model(members[:1+r.IntN(len(members))]...))
			for member, name := range names(p) {
				if before, known := ever[member]; known && before != name {
					t.Fatalf("seed %d, step %d: %s was %s and is %s", seed, step, member, before, name)
				}
				ever[member] = name
			}
			forms(t, p)
			l.Add(p.Facts...)
			if r.IntN(2) == 0 { // as from disk
				var err error
				if l, err = lock.Parse(l.Bytes()); err != nil {
					t.Fatal(err)
				}
			}
		}
		given := make(map[string]string)
		for member, name := range ever {
			if strings.ContainsAny(member, "():") || member == "" {
				continue
			}
			if other, taken := given[name]; taken {
				t.Fatalf("seed %d: %s was given to %s and to %s", seed, name, other, member)
			}
			given[name] = member
		}
	}
}

// A second run with the lock of the first gives the same plan, notes and warnings included.
func TestLockChangesNothing(t *testing.T) {
	first, found := build(t, Input{}, model(vocabulary...))
	l := new(lock.Lock)
	l.Add(first.Facts...)
	second, again := build(t, Input{Lock: l}, model(vocabulary...))
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(found, again); diff != "" {
		t.Error(diff)
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	members := append(slices.Clone(vocabulary), "alert:x(a,b,c)", "data:y(c,b)", "act(b,a)")
	want, _ := build(t, Input{}, model(members...))
	for range 10 {
		rand.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		m := model(members...)
		for _, f := range m.Formats {
			rand.Shuffle(len(f.Fields), func(i, j int) { f.Fields[i], f.Fields[j] = f.Fields[j], f.Fields[i] })
		}
		got, _ := build(t, Input{}, m)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestFormerNamesAreKept(t *testing.T) {
	l := new(lock.Lock)
	p, _ := build(t, Input{}, model("a-b", "hot()", "alert:hot(x-y)", "data:log"))
	l.Add(p.Facts...)
	p, found := build(t, Input{Lock: l}, model("a_b", "Hot()", "alert:Hot", "data:Log", "alert:hot(x_y)"))
	want := map[string]string{"": "Thing", "a_b": "AB2", "Hot()": "Hot2", "alert:Hot": "Hot2", "data:Log": "Log2",
		"alert:hot": "Hot", "hot/x_y": "XY2"}
	if diff := cmp.Diff(want, names(p)); diff != "" {
		t.Error(diff)
	}
	if note := p.Attributes[0].Note; note != `It is called AB2 because the plain name AB belongs to the former attribute "a-b".` {
		t.Errorf("note %q", note)
	}
	if len(found) != 5 {
		t.Errorf("%d warnings: %+v", len(found), found)
	}
}

// When two branches gave one name to two new members, the union of their locks names it twice: one of them has to be renamed.
func TestMergedLock(t *testing.T) {
	l := new(lock.Lock)
	for _, name := range []string{"a-b", "a_b"} {
		p, _ := build(t, Input{}, model(name))
		l.Add(p.Facts...)
	}
	p, found := build(t, Input{Lock: l}, model("a_b", "a-b"))
	if diff := cmp.Diff(map[string]string{"": "Thing", "a-b": "AB", "a_b": "AB2"}, names(p)); diff != "" {
		t.Error(diff)
	}
	if len(found) != 1 || !strings.Contains(found[0].Text, "recorded name AB belongs to another member") || found[0].Key != "/attributes/a_b" {
		t.Errorf("diagnostics %+v", found)
	}
	l.Add(p.Facts...)
	if p, _ = build(t, Input{Lock: l}, model("a_b", "a-b")); names(p)["a_b"] != "AB2" {
		t.Errorf("the new name did not stay: %v", names(p))
	}
}

func TestHostileLockNames(t *testing.T) {
	l := new(lock.Lock)
	for wire, name := range map[string]string{"a": "Update", "b": "B", "c": "SetB"} {
		l.Add(lock.Fact{URN: urn, Kind: lock.Attribute, Wire: wire, Name: name})
	}
	p, _ := build(t, Input{Lock: l}, model("a", "b", "c"))
	if diff := cmp.Diff(map[string]string{"": "Thing", "a": "A", "b": "B", "c": "C"}, names(p)); diff != "" {
		t.Error(diff)
	}
}

func TestManyCollisions(t *testing.T) {
	var members []string
	for i := range 4000 {
		members = append(members, strings.Repeat("-", i%64)+"a"+strings.Repeat("_", i/64))
	}
	p, _ := build(t, Input{}, model(members...))
	if got := slices.Sorted(maps.Values(names(p))); len(slices.Compact(got)) != len(members)+1 {
		t.Errorf("%d names for %d members", len(got), len(members))
	}
}
