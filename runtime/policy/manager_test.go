package policy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// testServer answers the three questions about policies from maps. Methods may
// be called from any goroutine.
type testServer struct {
	mu       sync.Mutex
	policies map[string]string   // document by id
	assigned map[string]string   // id by device
	listed   map[string][]string // devices by id
	down     error
	status   int
	asked    []string // last part of each path, without the fields
}

func (s *testServer) Get(_ context.Context, path string) (int, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := strings.TrimPrefix(path, "/deviceModels/urn%3Atest%3Apump/devicePolicies")
	rest, _, _ = strings.Cut(rest, "&fields")
	rest, _, _ = strings.Cut(rest, "?fields")
	s.asked = append(s.asked, rest)
	if s.down != nil || s.status != 0 {
		return s.status, []byte("{}"), s.down
	}
	if device, ok := strings.CutPrefix(rest, "?q=%7B%22devices.id%22%3A%22"); ok {
		device = strings.TrimSuffix(device, "%22%7D")
		if id := s.assigned[device]; id != "" {
			return 200, []byte(`{"items":[` + s.policies[id] + `]}`), nil
		}
		return 200, nil, nil
	}
	id, question, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	if question != "" {
		var items []string
		for _, device := range s.listed[id] {
			items = append(items, fmt.Sprintf(`{"id":%q}`, device))
		}
		return 200, []byte(`{"items":[` + strings.Join(items, ",") + `]}`), nil
	}
	if s.policies[id] == "" {
		return 404, nil, nil
	}
	return 200, []byte(s.policies[id]), nil
}

// questions gives what was asked since the last call, without query syntax.
func (s *testServer) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	for i := range asked {
		asked[i] = strings.NewReplacer("?q=%7B%22devices.id%22%3A%22", "of ", "/devices?q=%7B%22directlyConnectedOwner%22%3A%22E1", " devices", "%22%7D", "", "/", "").Replace(asked[i])
	}
	return asked
}

func policyText(id string, modified int, condition string) string {
	return fmt.Sprintf(`{"id":%q,"lastModified":%d,"pipelines":[{"attributeName":"temp","pipeline":[%s]}]}`,
		id, modified, function("filterCondition", `"condition":"`+condition+`"`))
}

// testTarget notes the conditions of the policies that it is given.
type testTarget struct {
	mu  sync.Mutex
	got []string
}

func (d *testTarget) Assign(p *Plan) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := "none"
	if p != nil {
		text = p.Policy().ID + " " + p.Policy().Pipelines[0].Steps[0].Condition
	}
	d.got = append(d.got, text)
}

func (d *testTarget) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	got := d.got
	d.got = nil
	return got
}

// fleet is a manager with its server and devices.
type fleet struct {
	t       *testing.T
	server  *testServer
	manager *Manager
	model   *devicemodel.Model
	mu      sync.Mutex
	reports []error
	devices map[string]*testTarget
}

func newFleet(t *testing.T, gateway bool, store Store, devices ...string) *fleet {
	f := &fleet{t: t, model: testModel(), devices: map[string]*testTarget{}, server: &testServer{
		policies: map[string]string{"P1": policyText("P1", 1000, "1"), "P2": policyText("P2", 1000, "2")},
		assigned: map[string]string{},
		listed:   map[string][]string{},
	}}
	f.start(gateway, store, devices...)
	return f
}

// start makes the manager, as a new run of the program does.
func (f *fleet) start(gateway bool, store Store, devices ...string) {
	f.reports = nil
	f.manager = NewManager(ManagerConfig{EndpointID: "E1", Gateway: gateway, Fetcher: f.server, Store: store, Report: func(err error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.reports = append(f.reports, err)
	}})
	for _, id := range devices {
		f.devices[id] = &testTarget{}
		f.manager.Attach(f.model, id, f.devices[id])
	}
}

func (f *fleet) lookUp(now int) {
	f.manager.LookUp(context.Background(), time.UnixMilli(int64(now)))
}

func (f *fleet) change(now int, op, id string, modified int) {
	f.t.Helper()
	body := fmt.Sprintf(`[{"deviceModelUrn":"urn:test:pump","id":%q,"lastModified":%d,"op":%q}]`, id, modified, op)
	if status, answer := f.manager.Change(context.Background(), time.UnixMilli(int64(now)), []byte(body)); status != 200 || len(answer) > 0 {
		f.t.Errorf("%s: %d %s", body, status, answer)
	}
}

func (f *fleet) want(device string, want ...string) {
	f.t.Helper()
	if got := f.devices[device].take(); !slices.Equal(got, want) {
		f.t.Errorf("%s was told %q, want %q", device, got, want)
	}
}

func (f *fleet) wantAsked(want ...string) {
	f.t.Helper()
	if got := f.server.questions(); !slices.Equal(got, want) {
		f.t.Errorf("asked %q, want %q", got, want)
	}
}

func TestLookUpRetries(t *testing.T) {
	f := newFleet(t, false, nil, "E1")
	f.server.assigned["E1"] = "P1"
	f.server.down = errors.New("no route")
	now, delay := 0, 1000
	for range 12 {
		if at, ok := f.manager.NextLookUp(); now > 0 && (!ok || at.UnixMilli() != int64(now)) {
			t.Errorf("next look-up at %v, %v, want %d", at.UnixMilli(), ok, now)
		}
		f.lookUp(now)
		f.wantAsked("of E1")
		f.lookUp(now + delay - 1)
		f.wantAsked()
		now += delay
		delay = min(2*delay, 300_000)
	}
	f.want("E1")
	f.server.down = nil
	f.lookUp(now)
	f.want("E1", "P1 1")
	f.wantAsked("of E1")
	if _, ok := f.manager.NextLookUp(); ok || len(f.reports) != 12 {
		t.Errorf("due %v, %d reports", ok, len(f.reports))
	}
}

func TestLookUpAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		document string
		want     string
		report   error
	}{
		"policy":       {policyText("P1", 1, "1"), "P1 1", nil},
		"disabled":     {`{"id":"P1","lastModified":1,"enabled":false,"pipelines":[{"pipeline":[]}]}`, "none", nil},
		"no pipelines": {`{"id":"P1","lastModified":1}`, "none", nil},
		"unusable":     {`{"id":"P1"}`, "none", ErrMissing},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, false, nil, "E1")
			f.server.assigned["E1"], f.server.policies["P1"] = "P1", c.document
			f.lookUp(0)
			f.want("E1", c.want)
			if c.report == nil && len(f.reports) > 0 || c.report != nil && (len(f.reports) != 1 || !errors.Is(f.reports[0], c.report)) {
				t.Errorf("reports %v", f.reports)
			}
			f.lookUp(1_000_000)
			f.wantAsked("of E1")
		})
	}
	for name, status := range map[string]int{"no 200": 503, "no JSON": 0} {
		f := newFleet(t, false, nil, "E1")
		f.server.status = status
		f.server.assigned["E1"], f.server.policies["P1"] = "P1", "{"
		f.lookUp(0)
		f.want("E1")
		if len(f.reports) != 1 || !errors.Is(f.reports[0], ErrStatus) && !errors.Is(f.reports[0], ErrAnswer) {
			t.Errorf("%s: reports %v", name, f.reports)
		}
	}
}

// Problems of a policy are told once for each device model, with its id.
func TestManagerReportsProblems(t *testing.T) {
	f := newFleet(t, false, nil, "E1")
	f.server.assigned["E1"], f.server.policies["P1"] = "P1", policyText("P1", 1, "$(nosuch)")
	f.lookUp(0)
	if len(f.reports) != 1 || !strings.Contains(f.reports[0].Error(), `"P1"`) || !strings.Contains(f.reports[0].Error(), "nosuch") {
		t.Errorf("reports %v", f.reports)
	}
}

func TestChanged(t *testing.T) {
	f := newFleet(t, true, nil, "ICD-1", "ICD-2", "ICD-3")
	f.server.assigned["ICD-1"], f.server.assigned["ICD-3"] = "P1", "P1"
	f.lookUp(0)
	f.server.questions()
	for _, id := range []string{"ICD-1", "ICD-2", "ICD-3"} {
		f.devices[id].take()
	}
	f.change(1, "changed", "P1", 1000) // the same content: windows go on
	f.wantAsked("P1")
	f.want("ICD-1")
	f.server.policies["P1"] = policyText("P1", 2000, "5")
	f.change(2, "changed", "P1", 999) // older than ours
	f.wantAsked()
	f.change(3, "changed", "P1", 2000)
	f.wantAsked("P1")
	f.want("ICD-1", "P1 5")
	f.want("ICD-2")
	f.want("ICD-3", "P1 5")
	f.server.policies["P1"] = `{"id":"P1","lastModified":3000}`
	f.change(4, "changed", "P1", 3000)
	f.want("ICD-1", "none")
	f.server.policies["P1"] = policyText("P1", 4000, "6")
	f.change(5, "changed", "P1", 4000)
	f.want("ICD-1", "P1 6")
	f.server.policies["P1"] = policyText("other", 5000, "6")
	f.change(6, "changed", "P1", 5000)
	f.want("ICD-1")
	if len(f.reports) != 1 || !errors.Is(f.reports[0], ErrAnswer) {
		t.Errorf("reports %v", f.reports)
	}
}

func TestAssigned(t *testing.T) {
	f := newFleet(t, true, nil, "ICD-1", "ICD-2")
	f.lookUp(0)
	f.server.questions()
	f.want("ICD-1", "none")
	f.want("ICD-2", "none")
	f.server.listed["P1"] = []string{"ICD-1", "ICD-9"}
	f.change(1, "assigned", "P1", 1000)
	f.wantAsked("P1 devices", "P1")
	f.want("ICD-1", "P1 1")
	f.want("ICD-2")
	f.server.listed["P1"] = []string{"ICD-1", "ICD-2", "ICD-9"}
	f.change(2, "assigned", "P1", 1000)
	f.want("ICD-1") // has it, and it did not change
	f.want("ICD-2", "P1 1")
	late := &testTarget{}
	f.manager.Attach(f.model, "ICD-9", late)
	if got := late.take(); !slices.Equal(got, []string{"P1 1"}) {
		t.Errorf("a device that comes later was told %q", got)
	}
	f.server.questions()
	f.change(3, "assigned", "P3", 1000) // nobody has it
	f.wantAsked("P3 devices")
	f.server.down = errors.New("no route")
	f.change(4, "assigned", "P1", 1000)
	f.wantAsked("P1 devices")
	f.server.down = nil
	f.lookUp(4)
	if asked := f.server.questions(); len(asked) != 3 {
		t.Errorf("asked %q, want a look-up of each device", asked)
	}
}

// A policy that cannot be had is looked for again, though not at once.
func TestAssignedWithoutDownload(t *testing.T) {
	f := newFleet(t, false, nil, "E1")
	f.lookUp(0)
	f.want("E1", "none")
	f.server.questions()
	f.change(1, "assigned", "P7", 1000)
	f.wantAsked("P7", "P7")
	f.want("E1")
	f.lookUp(1000)
	f.wantAsked()
	f.server.policies["P7"], f.server.assigned["E1"] = policyText("P7", 1000, "7"), "P7"
	f.lookUp(1001)
	f.wantAsked("of E1")
	f.want("E1", "P7 7")
}

func TestUnassigned(t *testing.T) {
	f := newFleet(t, true, nil, "ICD-1", "ICD-2")
	f.server.assigned["ICD-1"], f.server.assigned["ICD-2"] = "P1", "P1"
	f.lookUp(0)
	f.want("ICD-1", "P1 1")
	f.want("ICD-2", "P1 1")
	f.server.questions()
	f.server.listed["P1"] = []string{"ICD-2"}
	f.change(1, "unassigned", "P1", 2000)
	f.wantAsked("P1 devices")
	f.want("ICD-1", "none")
	f.want("ICD-2")
	f.change(2, "unassigned", "P9", 2000)
	f.want("ICD-2")
	f.server.status = 500
	f.change(3, "unassigned", "P1", 2000)
	f.want("ICD-2", "none")
	f.server.status = 0
	f.server.questions()
	f.lookUp(3)
	f.wantAsked("of ICD-2")
	f.want("ICD-2", "P1 1")
}

func TestReplacedPolicyIsForgotten(t *testing.T) {
	f := newFleet(t, false, nil, "E1")
	f.server.assigned["E1"] = "P1"
	f.lookUp(0)
	f.change(1, "assigned", "P2", 1000)
	f.want("E1", "P1 1", "P2 2")
	f.change(2, "unassigned", "P1", 2000) // the old one: nothing to do
	f.want("E1")
	if len(f.manager.policies) != 1 {
		t.Errorf("%d policies are kept", len(f.manager.policies))
	}
	f.change(3, "unassigned", "P2", 2000)
	f.want("E1", "none")
	if len(f.manager.policies) != 0 {
		t.Errorf("%d policies are kept", len(f.manager.policies))
	}
}

func TestChangeRefuses(t *testing.T) {
	for _, c := range []struct {
		body, answer string
		told         []string
	}{
		{`{"not":"an array"}`, "array", nil},
		{`null`, "array", nil},
		{``, "array", nil},
		{`[1]`, `"/0"`, nil},
		{`[{"deviceModelUrn":"urn:test:pump","id":"P2","lastModified":1,"op":"assigned"},{"id":"P1"}]`, "/1/deviceModelUrn", []string{"P2 2"}},
		{`[{"deviceModelUrn":"urn:test:pump","lastModified":1}]`, "/0/id", nil},
		{`[{"deviceModelUrn":"urn:test:pump","id":"P1"}]`, "/0/lastModified", nil},
		{`[{"deviceModelUrn":"urn:test:pump","id":"P1","lastModified":"x"}]`, "/0/lastModified", nil},
		{`[{"deviceModelUrn":"urn:test:pump","id":"P1","lastModified":1,"op":1}]`, "/0/op", nil},
	} {
		f := newFleet(t, false, nil, "E1")
		status, answer := f.manager.Change(context.Background(), time.Time{}, []byte(c.body))
		if status != 400 || !strings.Contains(string(answer), c.answer) {
			t.Errorf("%s: %d %s, want 400 with %s", c.body, status, answer, c.answer)
		}
		f.want("E1", c.told...)
	}
	f := newFleet(t, false, nil, "E1")
	f.change(1, "frobbed", "P1", 1)
	if len(f.reports) != 1 {
		t.Errorf("reports %v", f.reports)
	}
	if status, _ := f.manager.Change(context.Background(), time.Time{}, []byte(`[]`)); status != 200 {
		t.Errorf("no changes: %d", status)
	}
}

func TestDetach(t *testing.T) {
	f := newFleet(t, false, nil, "E1")
	f.server.assigned["E1"] = "P1"
	f.manager.Detach(f.devices["E1"])
	f.lookUp(0)
	f.wantAsked()
	f.want("E1")
}

// After a restart stored policies apply at once, and the server is asked once
// for each whether there is a newer one.
func TestRestart(t *testing.T) {
	store := DirStore{t.TempDir()}
	f := newFleet(t, true, store, "ICD-1", "ICD-2", "ICD-3")
	f.server.assigned["ICD-1"], f.server.assigned["ICD-2"] = "P1", "P1"
	f.lookUp(0)
	f.server.questions()

	f.server.down = errors.New("no route")
	f.start(true, store, "ICD-1", "ICD-2", "ICD-3")
	f.want("ICD-1", "P1 1")
	f.want("ICD-2", "P1 1")
	f.want("ICD-3")
	f.lookUp(0)
	if len(f.reports) != 2 { // the look-up of ICD-3, and the policy
		t.Errorf("reports %v", f.reports)
	}

	f.server.down = nil
	f.server.policies["P1"] = policyText("P1", 2000, "9")
	f.server.questions()
	f.start(true, store, "ICD-1", "ICD-2", "ICD-3")
	f.want("ICD-1", "P1 1")
	f.lookUp(0)
	f.wantAsked("of ICD-3", "P1")
	f.want("ICD-1", "P1 9")
	f.want("ICD-2", "P1 1", "P1 9")
	f.want("ICD-3", "none")
	f.lookUp(1)
	f.wantAsked()
	if len(f.reports) > 0 {
		t.Errorf("reports %v", f.reports)
	}

	f.server.listed["P1"] = []string{"ICD-2"}
	f.change(2, "unassigned", "P1", 3000)
	f.start(true, store, "ICD-1", "ICD-2")
	f.want("ICD-1")
	f.want("ICD-2", "P1 9")
}

func TestDamagedStore(t *testing.T) {
	dir := t.TempDir()
	f := newFleet(t, false, DirStore{dir}, "E1")
	f.server.assigned["E1"] = "P1"
	f.lookUp(0)
	writeFile(t, dir, "P1", "{")
	f.start(false, DirStore{dir}, "E1")
	f.want("E1")
	f.lookUp(0)
	f.want("E1", "P1 1")
	if len(f.reports) != 1 || !errors.Is(f.reports[0], ErrSyntax) {
		t.Errorf("reports %v", f.reports)
	}
	writeFile(t, dir, associationsFile, "{")
	f.start(false, DirStore{dir}, "E1")
	f.want("E1")
	if len(f.reports) != 1 {
		t.Errorf("reports %v", f.reports)
	}
	if _, err := (DirStore{dir}).Policy("P2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// Run asks when it is time, and ends with its context.
func TestRun(t *testing.T) {
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, false, nil)
		f.server.down = errors.New("no route")
		f.server.assigned["E1"] = "P1"
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			f.manager.Run(ctx)
		}()
		synctest.Wait()
		f.wantAsked()
		f.devices["E1"] = &testTarget{}
		f.manager.Attach(f.model, "E1", f.devices["E1"])
		synctest.Wait()
		f.wantAsked("of E1")
		time.Sleep(7 * time.Second) // after 1, 3 and 7 seconds
		synctest.Wait()
		f.wantAsked("of E1", "of E1", "of E1")
		f.server.mu.Lock()
		f.server.down = nil
		f.server.mu.Unlock()
		time.Sleep(7999 * time.Millisecond)
		synctest.Wait()
		f.want("E1")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		f.want("E1", "P1 1")
		cancel()
		<-done
	})
}
