package policies_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/iotcs-go/iotcs/emulator/internal/policies"
)

const model = "urn:test:pump"

// fleet is what the store is told about devices.
type fleet map[string]member

type member struct {
	owner      string
	registered int64
}

func (f fleet) owner(id string) (string, int64, bool) {
	m, ok := f[id]
	return m.owner, m.registered, ok
}

func newFleet() fleet {
	return fleet{"0-GW": {"0-GW", 1}, "0-A": {"0-GW", 2}, "0-B": {"0-GW", 3}, "0-D": {"0-D", 4}}
}

func newPolicy(id string) *policies.Policy {
	return &policies.Policy{ID: id, Model: model, Created: 100, Modified: 100, User: "tester", Document: []byte(`{"pipelines":[]}`)}
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// spell writes notices as "owner: op id, op id".
func spell(notices []policies.Notice) string {
	var all []string
	for _, n := range notices {
		var items []string
		for _, item := range n.Items {
			items = append(items, fmt.Sprintf("%s %s", item.Op, item.ID))
		}
		all = append(all, n.Owner+": "+strings.Join(items, ", "))
	}
	return strings.Join(all, "; ")
}

func Example() {
	s := policies.New(func(device string) (string, int64, bool) { return "0-GATEWAY", 1, true })
	err := s.Add(&policies.Policy{ID: "POL-1", Model: "urn:example:pump", Modified: 1, Document: []byte(`{"pipelines":[]}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	notices, err := s.Assign("POL-1", "0-PUMP")
	fmt.Println(notices[0].Owner, notices[0].Items[0].Op, err)
	fmt.Println(s.Of("0-PUMP", "urn:example:pump").ID, s.Devices("POL-1"))
	// Output:
	// 0-GATEWAY assigned <nil>
	// POL-1 [0-PUMP]
}

func TestLife(t *testing.T) {
	s := policies.New(newFleet().owner)
	if err := errors.Join(s.Add(newPolicy("P")), s.Add(newPolicy("Q"))); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(newPolicy("P")); !errors.Is(err, policies.ErrExists) {
		t.Errorf("twice: %v", err)
	}
	steps := []struct {
		what string
		do   func() ([]policies.Notice, error)
		want string
	}{
		{"assign", func() ([]policies.Notice, error) { return s.Assign("P", "0-A", "0-B", "0-D") }, "0-GW: assigned P; 0-D: assigned P"},
		{"assign again", func() ([]policies.Notice, error) { return s.Assign("P", "0-A") }, "0-GW: assigned P"},
		{"replace", func() ([]policies.Notice, error) { return s.Assign("Q", "0-A", "0-A") }, "0-GW: unassigned P, assigned Q"},
		{"change", func() ([]policies.Notice, error) {
			_, n, err := s.Update("P", 90, func(p *policies.Policy) error { p.Document = []byte(`{}`); return nil })
			return n, err
		}, "0-GW: changed P; 0-D: changed P"},
		{"unassign", func() ([]policies.Notice, error) { return s.Unassign("P", "0-B") }, "0-GW: unassigned P"},
		{"delete", func() ([]policies.Notice, error) { return s.Delete("P") }, "0-D: unassigned P"},
	}
	for _, step := range steps {
		notices, err := step.do()
		if got := spell(notices); err != nil || got != step.want {
			t.Errorf("%s: %q, %v, want %q", step.what, got, err, step.want)
		}
	}
	if s.Policy("P") != nil || s.Of("0-D", model) != nil || s.Of("0-A", model).ID != "Q" || !slices.Equal(s.Devices("Q"), []string{"0-A"}) {
		t.Error("what is left")
	}
	if got := s.Policies(model); len(got) != 1 || len(s.Policies("urn:other")) != 0 {
		t.Errorf("%d policies", len(got))
	}
}

func TestModifiedGrows(t *testing.T) {
	s := policies.New(newFleet().owner)
	if err := s.Add(newPolicy("P")); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ now, want int64 }{{50, 101}, {101, 102}, {500, 500}} {
		p, _, err := s.Update("P", tc.now, func(*policies.Policy) error { return nil })
		if err != nil || p.Modified != tc.want || s.Policy("P") != p {
			t.Errorf("at %d: %+v, %v, want %d", tc.now, p, err, tc.want)
		}
	}
	refuse := errors.New("no")
	if _, _, err := s.Update("P", 900, func(p *policies.Policy) error { p.Document = nil; return refuse }); !errors.Is(err, refuse) || s.Policy("P").Document == nil {
		t.Errorf("a refused change: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	s := policies.New(newFleet().owner)
	if err := s.Add(newPolicy("P")); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"update nothing":           func() error { _, _, err := s.Update("X", 1, nil); return err },
		"delete nothing":           func() error { _, err := s.Delete("X"); return err },
		"assign nothing":           func() error { _, err := s.Assign("X", "0-A"); return err },
		"assign to nobody":         func() error { _, err := s.Assign("P", "0-A", "0-NONE"); return err },
		"unassign nothing":         func() error { _, err := s.Unassign("X", "0-A"); return err },
		"unassign what it has not": func() error { _, err := s.Unassign("P", "0-A"); return err },
	} {
		if err := do(); !errors.Is(err, policies.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.Devices("P")) != 0 {
		t.Error("a refused assignment had an effect")
	}
}

func TestFull(t *testing.T) {
	s := policies.New(newFleet().owner)
	big := make([]byte, policies.MaxBytes-20)
	for id, document := range map[string][]byte{"big": big, "small": []byte("{}")} {
		p := newPolicy(id)
		p.Document = document
		if err := s.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	p := newPolicy("more")
	p.Document = make([]byte, 100)
	if err := s.Add(p); !errors.Is(err, policies.ErrFull) {
		t.Errorf("too many bytes: %v", err)
	}
	if _, _, err := s.Update("small", 1, func(p *policies.Policy) error { p.Document = make([]byte, 100); return nil }); !errors.Is(err, policies.ErrFull) {
		t.Errorf("grown: %v", err)
	}
	if _, err := s.Delete("big"); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < policies.MaxPolicies; i++ {
		if err := s.Add(newPolicy(fmt.Sprint(i))); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := s.Add(newPolicy("one more")); !errors.Is(err, policies.ErrFull) {
		t.Errorf("too many: %v", err)
	}
}

// A device that is removed has no policy any more, and neither has one that is registered under its id later.
func TestGoneDevices(t *testing.T) {
	devices := newFleet()
	s := policies.New(devices.owner)
	if err := s.Add(newPolicy("P")); err != nil {
		t.Fatal(err)
	}
	must[[]policies.Notice](t)(s.Assign("P", "0-A", "0-D"))
	delete(devices, "0-D")
	if s.Of("0-D", model) != nil || !slices.Equal(s.Devices("P"), []string{"0-A"}) {
		t.Error("a removed device has a policy")
	}
	devices["0-D"] = member{"0-D", 99}
	if s.Of("0-D", model) != nil || len(s.Devices("P")) != 1 {
		t.Error("a new device has the policy of its predecessor")
	}
	must[[]policies.Notice](t)(s.Assign("P", "0-D"))
	if s.Of("0-D", model) == nil {
		t.Error("a new device can have no policy")
	}
}

func TestWaiting(t *testing.T) {
	s := policies.New(newFleet().owner)
	if err := s.Add(newPolicy("P")); err != nil {
		t.Fatal(err)
	}
	first := must[[]policies.Notice](t)(s.Assign("P", "0-A", "0-D"))
	second := must[[]policies.Notice](t)(s.Unassign("P", "0-A"))
	if got := spell(s.Waiting("0-GW")); got != "0-GW: assigned P; 0-GW: unassigned P" || len(s.Owners()) != 2 {
		t.Errorf("waiting %q for %v", got, s.Owners())
	}
	for range 2 {
		if err := s.Told("0-GW", first[0].Seq); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Waiting("0-GW"); len(got) != 1 || got[0].Seq != second[0].Seq {
		t.Errorf("then %v", got)
	}
	if err := s.Told("0-GW", second[0].Seq); err != nil || !slices.Equal(s.Owners(), []string{"0-D"}) {
		t.Errorf("%v, still waiting for %v", err, s.Owners())
	}
	for range 300 {
		must[[]policies.Notice](t)(s.Assign("P", "0-D"))
	}
	if got := s.Waiting("0-D"); len(got) != 100 || got[99].Seq < 300 {
		t.Errorf("%d waiting, the last is %d", len(got), got[len(got)-1].Seq)
	}
}

func TestKept(t *testing.T) {
	devices := newFleet()
	path := filepath.Join(t.TempDir(), "policies.log")
	open := func() *policies.Store {
		s, lost, err := policies.Open(path, devices.owner)
		if err != nil || lost != 0 {
			t.Fatal(err, lost)
		}
		return s
	}
	s := open()
	for _, id := range []string{"P", "Q", "gone"} {
		if err := s.Add(newPolicy(id)); err != nil {
			t.Fatal(err)
		}
	}
	notices := must[[]policies.Notice](t)(s.Assign("P", "0-A", "0-B"))
	must[[]policies.Notice](t)(s.Assign("Q", "0-B"))
	must[[]policies.Notice](t)(s.Assign("gone", "0-D"))
	must[[]policies.Notice](t)(s.Delete("gone"))
	changed, _, err := s.Update("P", 700, func(p *policies.Policy) error { p.Document = []byte(`{"name":"x"}`); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Told("0-GW", notices[0].Seq); err != nil {
		t.Fatal(err)
	}
	waiting := spell(s.Waiting("0-GW"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(newPolicy("late")); err == nil {
		t.Error("a closed store takes a policy")
	}
	for round := range 3 { // the second and third read what the first wrote anew
		s = open()
		p := s.Policy("P")
		if p == nil || p.Modified != changed.Modified || string(p.Document) != `{"name":"x"}` || s.Policy("gone") != nil {
			t.Fatalf("round %d: %+v", round, p)
		}
		if !slices.Equal(s.Devices("P"), []string{"0-A"}) || s.Of("0-B", model).ID != "Q" || s.Of("0-D", model) != nil {
			t.Errorf("round %d: devices %v", round, s.Devices("P"))
		}
		if got := spell(s.Waiting("0-GW")); got != waiting {
			t.Errorf("round %d: waiting %q, want %q", round, got, waiting)
		}
		for range 30 { // superseded entries: the next Open tidies
			if _, _, err := s.Update("P", 0, func(*policies.Policy) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		changed, waiting = s.Policy("P"), spell(s.Waiting("0-GW"))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	delete(devices, "0-GW")
	s = open()
	defer s.Close()
	if owners := s.Owners(); slices.Contains(owners, "0-GW") {
		t.Errorf("notices for a gateway that is gone: %v", owners)
	}
}

func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policies.log")
	if err := os.WriteFile(path, []byte(strings.Repeat("something else ", 9)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := policies.Open(path, newFleet().owner); err == nil {
		t.Error("a foreign file")
	}
	if err := policies.New(newFleet().owner).Close(); err != nil {
		t.Error(err)
	}
}

func TestConcurrent(t *testing.T) {
	s := policies.New(newFleet().owner)
	if err := s.Add(newPolicy("P")); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				_, err := s.Assign("P", "0-A", "0-D")
				if err != nil {
					t.Error(err)
				}
				s.Of("0-A", model)
				s.Devices("P")
				for _, n := range s.Waiting("0-D") {
					if err := s.Told("0-D", n.Seq); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	if len(s.Waiting("0-D")) != 0 {
		t.Error("notices left")
	}
}

func BenchmarkOf(b *testing.B) {
	devices := fleet{}
	s := policies.New(devices.owner)
	if err := s.Add(newPolicy("P")); err != nil {
		b.Fatal(err)
	}
	ids := make([]string, 10_000)
	for i := range ids {
		ids[i] = fmt.Sprint("0-", i)
		devices[ids[i]] = member{ids[i], 1}
	}
	if _, err := s.Assign("P", ids...); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if s.Of("0-77", model) == nil {
			b.Fatal("none")
		}
	}
}
