package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/emulator"
)

const (
	policyRoot  = "/iot/privateapi/v2/deviceModels/urn%3Atest%3Apump/devicePolicies"
	policyPath  = "/deviceModels/urn:test:pump/devicePolicies"
	policyText  = `{"id":"POL-1","name":"Means","description":"d","pipelines":[{"attributeName":"speed","pipeline":[{"id":"mean","parameters":{"window":10000}}]}]}`
	policyURL   = "deviceModels/urn:oracle:iot:dcd:capability:device_policy/policyChanged"
	policyQuery = "fields=id%2Cpipelines%2Cenabled%2ClastModified"
)

// policyPage is what devices read of a collection.
type policyPage struct {
	Items []map[string]any
	Count int
}

func (a answer) policies(t testing.TB) []map[string]any {
	t.Helper()
	var page policyPage
	a.want(t, 200).into(t, &page)
	if page.Items == nil || page.Count != len(page.Items) {
		t.Fatalf("no collection: %s", a.body)
	}
	return page.Items
}

// lookup asks as the Java client does.
func (d *rawDevice) lookup(endpoint string) []map[string]any {
	d.t.Helper()
	return d.call("GET", policyRoot+"?q=%7B%22devices.id%22%3A%22"+endpoint+"%22%7D&"+policyQuery, nil).policies(d.t)
}

func (s *site) addPolicy(text string, endpoints ...string) string {
	s.t.Helper()
	id, err := s.server.AddPolicy(pumpURN, []byte(text))
	if err != nil {
		s.t.Fatal(err)
	}
	if len(endpoints) > 0 {
		if err := s.server.AssignPolicy(id, endpoints...); err != nil {
			s.t.Fatal(err)
		}
	}
	return id
}

// changes gives the items of the notices that wait for the device, and answers them.
func (d *rawDevice) changes() string {
	d.t.Helper()
	var all []string
	for _, m := range requests(d.t, d.poll("acceptBytes=60000")) {
		if m.Request.URL != policyURL || m.Request.Method != "POST" {
			d.t.Errorf("request %s %s", m.Request.Method, m.Request.URL)
		}
		var items []struct {
			DeviceModelURN, ID, Op string
			LastModified           int64
		}
		if err := json.Unmarshal(m.Request.Body, &items); err != nil {
			d.t.Fatalf("%v: %s", err, m.Request.Body)
		}
		for _, item := range items {
			if item.DeviceModelURN != pumpURN || item.LastModified == 0 {
				d.t.Errorf("item %+v", item)
			}
			all = append(all, item.Op+" "+item.ID)
		}
		d.respond(m, 200, "")
	}
	return strings.Join(all, ", ")
}

func TestPolicyManagement(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	for range 2 { // an id can be used again
		created := s.asUser("POST", policyPath, policyText).want(t, 201)
		var p map[string]any
		if created.into(t, &p); p["id"] != "POL-1" || p["enabled"] != true || p["lastModified"] == 0 || p["deviceModel"] != pumpURN || p["userLastModified"] != "tester" {
			t.Errorf("created %s", created.body)
		}
		s.asUser("POST", policyPath, policyText).wantProblem(t, 409)
		first := p["lastModified"].(float64)
		s.asUser("PATCH", policyPath+"/POL-1", `{"enabled":false,"description":null}`).want(t, 200).into(t, &p)
		if p["enabled"] != false || p["lastModified"].(float64) <= first || p["name"] != "Means" || p["pipelines"] == nil {
			t.Errorf("patched %v", p)
		}
		changed := s.asUser("POST", policyPath+"/POL-1", `{"enabled":true}`, "X-HTTP-Method-Override", "patch").want(t, 200)
		if clear(p); strings.Contains(string(changed.body), "description") {
			t.Errorf("a member that was removed: %s", changed.body)
		}
		s.asUser("PUT", policyPath+"/POL-1", `{"id":"other","lastModified":5,"pipelines":[]}`).want(t, 200).into(t, &p)
		if p["id"] != "POL-1" || p["name"] != nil || p["enabled"] != true || p["lastModified"].(float64) < first+3 {
			t.Errorf("replaced %v", p)
		}
		s.asUser("POST", policyPath+"/POL-1/devices", `{"id":"`+d.id+`"}`).want(t, 200)
		if got := s.asUser("GET", policyPath+"/POL-1/devices", "").policies(t); len(got) != 1 || got[0]["hardwareId"] != "dev" {
			t.Errorf("devices %v", got)
		}
		if got := s.asUser("GET", policyPath+`?q={"devices.id":"`+d.id+`"}&fields=id`, "").policies(t); len(got) != 1 || got[0]["id"] != "POL-1" {
			t.Errorf("listed %v", got)
		}
		if got := s.asUser("GET", policyPath+"?expand=devices", "").policies(t); len(got) != 1 || got[0]["devices"] == nil {
			t.Errorf("expanded %v", got)
		}
		if got := string(s.asUser("GET", policyPath+"/count", "").want(t, 200).body); got != `{"count":1}` {
			t.Errorf("count %s", got)
		}
		s.asUser("DELETE", policyPath+"/POL-1/devices/"+d.id, "").want(t, 204)
		s.asUser("DELETE", policyPath+"/POL-1/devices/"+d.id, "").wantProblem(t, 404)
		s.asUser("DELETE", policyPath+"/POL-1", "").want(t, 204)
		for _, method := range []string{"GET", "DELETE"} {
			s.asUser(method, policyPath+"/POL-1", "").wantProblem(t, 404)
		}
		s.asUser("GET", policyPath+"/POL-1/devices", "").wantProblem(t, 404)
	}
}

// People may use the private roots too, where devices read.
func TestPolicyManagementAtThePrivateRoot(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	basic := []string{"Authorization", "Basic dGVzdGVyOnNlY3JldA=="}
	s.do("POST", policyRoot, []byte(policyText), basic...).want(t, 201)
	s.do("POST", policyRoot+"/POL-1/devices", []byte(`["`+d.id+`"]`), basic...).want(t, 200)
	s.do("GET", policyRoot+"/POL-1", nil, basic...).want(t, 200)
	d.call("POST", policyRoot, []byte(policyText)).wantProblem(t, 403)
	d.call("DELETE", policyRoot+"/POL-1", nil).wantProblem(t, 403)
	s.do("DELETE", policyRoot+"/POL-1", nil, basic...).want(t, 204)
}

func TestPolicyFaults(t *testing.T) {
	s := start(t)
	step := func(text string) string {
		return `{"pipelines":[{"attributeName":"speed","pipeline":[` + text + `]}]}`
	}
	tests := []struct {
		name, text string
		status     int
		want       string // in the detail
	}{
		{"no JSON", `{`, 400, "cannot be read"},
		{"no object", `[]`, 400, "cannot be read"},
		{"null", `null`, 400, "object"},
		{"number as id", `{"id":1}`, 400, "/id"},
		{"empty id", `{"id":""}`, 400, "/id"},
		{"control character in the id", `{"id":"a\u0000"}`, 400, "/id"},
		{"reserved id", `{"id":"count"}`, 400, "/id"},
		{"long id", `{"id":"` + strings.Repeat("x", 256) + `"}`, 400, "/id"},
		{"pipelines of a wrong type", `{"pipelines":{}}`, 400, "/pipelines"},
		{"no parameters", step(`{"id":"mean"}`), 400, "/pipelines/0/pipeline/0/parameters"},
		{"syntax of a formula", step(`{"id":"computedMetric","parameters":{"formula":"1 +"}}`), 400, "/pipelines/0/pipeline/0/parameters/formula"},
		{"unknown attribute in a condition", step(`{"id":"filterCondition","parameters":{"condition":"$(spede) > 3"}}`), 400, "/pipelines/0/pipeline/0/parameters/condition"},
		{"unknown attribute", `{"pipelines":[{"attributeName":"nope","pipeline":[{"id":"mean","parameters":{"window":1000}}]}]}`, 400, "/pipelines/0/attributeName"},
		{"unknown function", step(`{"id":"median","parameters":{}}`), 400, "/pipelines/0/pipeline/0/id"},
		{"unknown format", step(`{"id":"alertCondition","parameters":{"condition":"$(speed) > 1","alert":{"urn":"urn:x","fields":{}}}}`), 400, "urn:x"},
		{"too large", `{"name":"` + strings.Repeat("x", 1<<20-5_000) + `"}`, 413, "at most"},
		{"larger than a body may be", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "larger"},
		{"too large as it is served", `{"name":"` + strings.Repeat("<", 1<<18) + `"}`, 413, "at most"},
		{"many faults", `{"pipelines":[` + strings.TrimSuffix(strings.Repeat(`{"attributeName":"x","pipeline":[]},`, 64), ",") + `]}`, 400, "and more"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			a := s.asUser("POST", policyPath, tc.text).wantProblem(t, tc.status)
			if !strings.Contains(string(a.body), tc.want) {
				t.Errorf("%s does not tell %q", a.body, tc.want)
			}
		})
	}
	s.asUser("POST", "/deviceModels/urn:test:none/devicePolicies", policyText).wantProblem(t, 404)
	s.asUser("PUT", policyPath+"/POL-1", policyText).wantProblem(t, 404)
	if got := s.asUser("GET", policyPath, "").policies(t); len(got) != 0 {
		t.Errorf("refused, but there: %v", got)
	}
}

func TestForcedPolicy(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	bad := `{"id":"BAD","pipelines":[{"attributeName":"speed","pipeline":[{"id":"computedMetric","parameters":{"formula":"1 +"}}]}],"x":1}`
	s.asUser("POST", policyPath, bad).wantProblem(t, 400)
	s.asUser("POST", policyPath+"?force=true", bad).want(t, 201)
	s.asUser("PATCH", policyPath+"/BAD", `{"enabled":false}`).wantProblem(t, 400)
	s.asUser("PATCH", policyPath+"/BAD?force=true", `{"enabled":false}`).want(t, 200)
	if err := s.server.AssignPolicy("BAD", d.id); err != nil {
		t.Fatal(err)
	}
	got := d.lookup(d.id)
	if len(got) != 1 || got[0]["enabled"] != false || !strings.Contains(fmt.Sprint(got[0]["pipelines"]), "1 +") {
		t.Errorf("served %v", got)
	}
	if _, err := s.server.AddPolicy(pumpURN, []byte(`{"pipelines":7}`), emulator.Unchecked()); err != nil {
		t.Error(err)
	}
	if err := s.server.UpdatePolicy("BAD", []byte(`{"pipelines":{}}`), emulator.Unchecked()); err != nil {
		t.Error(err)
	}
}

// What the official clients ask, byte by byte (docs/protocol/policies.md §3.2).
func TestPolicyQueries(t *testing.T) {
	s := start(t)
	gateway, other := s.activated("gw", true), s.activated("other", false)
	ids := []string{gateway.id}
	for i := range 25 {
		ids = append(ids, endpointOf(t, gateway.call("POST", indirect, indirectBody(t, fmt.Sprint("icd-", i), nil))))
	}
	s.addPolicy(policyText, ids...)
	raw := "/iot/privatewebapi/v2/deviceModels/urn:test:pump/devicePolicies"
	for _, path := range []string{
		policyRoot + "?q=%7B%22devices.id%22%3A%22" + ids[3] + "%22%7D&" + policyQuery,
		raw + "?q=%7B%22devices.id%22:%22" + ids[3] + "%22%7D&fields=id,pipelines,enabled,lastModified",
		raw + `?q={"devices.id":{"$eq":"` + ids[3] + `"}}&fields=id,pipelines,enabled,lastModified`,
	} {
		got := gateway.call("GET", path, nil).policies(t)
		if len(got) != 1 || got[0]["id"] != "POL-1" || got[0]["enabled"] != true || got[0]["pipelines"] == nil || got[0]["lastModified"] == nil || len(got[0]) != 4 {
			t.Errorf("%s: %v", path, got)
		}
	}
	for _, path := range []string{policyRoot + "/POL-1?" + policyQuery, raw + "/POL-1?fields=id,pipelines,enabled,lastModified"} {
		var p map[string]any
		if gateway.call("GET", path, nil).want(t, 200).into(t, &p); p["id"] != "POL-1" || len(p) != 4 {
			t.Errorf("%s: %v", path, p)
		}
	}
	q := url.QueryEscape(`{"directlyConnectedOwner":"` + gateway.id + `"}`)
	if got := gateway.call("GET", policyRoot+"/POL-1/devices?q="+q+"&fields=id", nil).policies(t); len(got) != 26 || len(got[0]) != 1 {
		t.Errorf("%d devices of the gateway, like %v", len(got), got[0])
	}
	if got := gateway.call("GET", policyRoot+"/POL-1/devices?limit=5", nil).policies(t); len(got) != 5 {
		t.Errorf("%d devices on a page of 5", len(got))
	}
	if got := gateway.call("GET", policyRoot, nil).policies(t); len(got) != 1 {
		t.Errorf("all that the gateway sees: %v", got)
	}
	gateway.call("GET", policyRoot+"?q={", nil).wantProblem(t, 400)

	// Another device sees nothing of it.
	if got := other.lookup(ids[3]); len(got) != 0 {
		t.Errorf("another device sees %v", got)
	}
	if got := other.call("GET", policyRoot, nil).policies(t); len(got) != 0 {
		t.Errorf("another device lists %v", got)
	}
	if got := other.call("GET", policyRoot+"/POL-1/devices", nil).policies(t); len(got) != 0 {
		t.Errorf("another device sees the devices %v", got)
	}
	other.call("GET", policyRoot+"/POL-1", nil).wantProblem(t, 404)
	gateway.call("GET", "/iot/privateapi/v2/deviceModels/urn:other/devicePolicies/POL-1", nil).wantProblem(t, 404)
}

func TestPolicyNotices(t *testing.T) {
	s := start(t)
	gateway, direct := s.activated("gw", true), s.activated("dev", false)
	icd := endpointOf(t, gateway.call("POST", indirect, indirectBody(t, "icd", nil)))
	s.addPolicy(policyText)
	second := s.addPolicy(`{"pipelines":[]}`)
	steps := []struct {
		what            string
		do              func() error
		gateway, direct string
	}{
		{"assign", func() error { return s.server.AssignPolicy("POL-1", icd, direct.id) }, "assigned POL-1", "assigned POL-1"},
		{"change", func() error { return s.server.UpdatePolicy("POL-1", []byte(`{"pipelines":[]}`)) }, "changed POL-1", "changed POL-1"},
		{"another", func() error { return s.server.AssignPolicy(second, icd) }, "unassigned POL-1, assigned " + second, ""},
		{"unassign", func() error { return s.server.UnassignPolicy(second, icd) }, "unassigned " + second, ""},
		{"delete", func() error { return s.server.DeletePolicy("POL-1") }, "", "unassigned POL-1"},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if got := gateway.changes(); got != step.gateway {
			t.Errorf("%s: the gateway gets %q, want %q", step.what, got, step.gateway)
		}
		if got := direct.changes(); got != step.direct {
			t.Errorf("%s: the device gets %q, want %q", step.what, got, step.direct)
		}
	}
	if got := gateway.changes() + direct.changes(); got != "" {
		t.Errorf("told again: %s", got)
	}
	if _, ok := s.server.Policy("POL-1"); ok {
		t.Error("the policy is still there")
	}
	if p, ok := s.server.Policy(second); !ok || len(p.Devices) != 0 || p.ModelURN != pumpURN || !json.Valid(p.Document) || p.LastModified == 0 {
		t.Errorf("%+v", p)
	}
}

func TestPolicyAssignmentRefused(t *testing.T) {
	s := start(t)
	s.addPolicy(policyText)
	foreign := s.activated("foreign", false, "urn:test:fan")
	fresh := s.register("fresh")
	id, _ := s.server.DeviceByHardwareID("fresh")
	tests := []struct {
		name, body string
		status     int
	}{
		{"nobody", `{"id":"0-NONE"}`, 404},
		{"no id", `{}`, 400},
		{"empty list", `[]`, 400},
		{"empty id", `{"items":[{"id":""}]}`, 400},
		{"no JSON", `[`, 400},
		{"another model", `["` + foreign.id + `"]`, 400},
		{"not yet activated", `{"items":[{"id":"` + id.EndpointID + `"}]}`, 200},
		{"twice", `[{"id":"` + id.EndpointID + `"},{"id":"` + id.EndpointID + `"}]`, 200},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			s.asUser("POST", policyPath+"/POL-1/devices", tc.body).want(t, tc.status)
		})
	}
	s.asUser("POST", policyPath+"/NONE/devices", `["x"]`).wantProblem(t, 404)
	if err := s.server.AssignPolicy("NONE", id.EndpointID); err == nil {
		t.Error("a policy that is not there")
	}
	fresh.login()
	fresh.call("POST", direct, encode(t, fresh.activationBody(pumpURN))).want(t, 200)
	fresh.id = id.EndpointID
	fresh.login()
	if got := fresh.lookup(fresh.id); len(got) != 1 {
		t.Errorf("assigned before the activation: %v", got)
	}
	if got := fresh.changes(); got != "" { // its look-up found the policy
		t.Errorf("told %q", got)
	}
	if err := s.server.RemoveDevice(fresh.id); err != nil {
		t.Fatal(err)
	}
	if p, _ := s.server.Policy("POL-1"); slices.Contains(p.Devices, fresh.id) {
		t.Error("a removed device has the policy")
	}
}

// What a device was not told before the server ended it is told afterwards, and what it answered is not told again.
func TestPoliciesAfterRestart(t *testing.T) {
	dir := t.TempDir()
	first := start(t, emulator.WithDataDir(dir))
	told, away := first.activated("told", false), first.activated("away", false)
	first.addPolicy(policyText, told.id, away.id)
	if got := told.changes(); got != "assigned POL-1" {
		t.Errorf("told %q", got)
	}
	before, _ := first.server.Policy("POL-1")
	closeServer(t, first.server)

	second := start(t, emulator.WithDataDir(dir))
	told.site, away.site = second, second
	after, ok := second.server.Policy("POL-1")
	if !ok || string(after.Document) != string(before.Document) || after.LastModified != before.LastModified || !slices.Equal(after.Devices, before.Devices) {
		t.Errorf("policy %+v, was %+v", after, before)
	}
	if got := away.changes(); got != "assigned POL-1" {
		t.Errorf("the device that was away is told %q", got)
	}
	if got := told.changes() + away.changes(); got != "" {
		t.Errorf("told again: %q", got)
	}
	if got := told.lookup(told.id); len(got) != 1 {
		t.Errorf("look-up %v", got)
	}
}

func BenchmarkPolicyLookup(b *testing.B) {
	s := start(b)
	d := s.activated("dev", false)
	s.addPolicy(policyText, d.id)
	b.ReportAllocs()
	for b.Loop() {
		if got := d.lookup(d.id); len(got) != 1 {
			b.Fatal(got)
		}
	}
}
