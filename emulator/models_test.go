package emulator_test

import (
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestModelPaths(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	for _, path := range []string{
		"/iot/api/v2/deviceModels/urn:test:pump", "/iot/api/v2/deviceModels/urn%3Atest%3Apump", "/iot/api/v2/deviceModels/urn%253Atest%253Apump",
		"/iot/api/v2/deviceModels/urn:test:pump/", "/iot/api/v2/deviceModels/urn:test:pump?expand=formats", "/iot/webapi/v2/deviceModels/urn:test:pump",
	} {
		a := d.call("GET", path, nil).want(t, 200)
		model, _, err := devicemodel.Load(a.body)
		if err != nil || model.URN != pumpURN || len(model.Formats) != 1 || len(model.Attributes) != 3 || len(model.Actions) != 2 {
			t.Errorf("%s: %v, %s", path, err, a.body)
		}
	}
	d.call("GET", "/iot/api/v2/deviceModels/urn:test:none", nil).wantProblem(t, 404)
	d.call("GET", "/iot/api/v2/deviceModels", nil).wantProblem(t, 403)
	d.call("POST", "/iot/api/v2/deviceModels", []byte(pumpModel)).wantProblem(t, 403)
}

// The shape of docs/protocol/device-models.md §1.
func TestModelBody(t *testing.T) {
	s := start(t)
	posted := `{"links":[],"created":5,"name":"N","urn":"urn:test:m","x-own":{"a":1},"description":"D","formats":[
		{"type":"DATA","urn":"urn:test:m:f","name":"f","deviceModel":"urn:other","value":{"fields":[]}}]}`
	a := s.asUser("POST", "/deviceModels/", posted).want(t, 201)
	if again := s.asUser("GET", "/deviceModels/urn:test:m", "").want(t, 200); string(again.body) != string(a.body) {
		t.Errorf("posted %s\nread %s", a.body, again.body)
	}
	var m struct {
		System, Draft         *bool
		Created, LastModified int64
		CreatedAsString       string
		UserLastModified      string
		Attributes, Actions   []any
		Formats               []struct{ DeviceModel, SourceID, SourceType string }
		Links                 []struct{ Rel, Href string }
		DevicePolicies        struct{ Links []any }
		Own                   struct{ A int } `json:"x-own"`
	}
	a.into(t, &m)
	if m.System == nil || *m.System || m.Draft == nil || *m.Draft || m.Created < 1e12 || m.LastModified != m.Created || !strings.HasSuffix(m.CreatedAsString, "Z") ||
		m.UserLastModified != "tester" || m.Attributes == nil || m.Actions == nil || len(m.DevicePolicies.Links) != 1 || m.Own.A != 1 {
		t.Errorf("model %s", a.body)
	}
	if f := m.Formats[0]; f.DeviceModel != "urn:test:m" || f.SourceID != "urn:test:m" || f.SourceType != "DEVICE_MODEL" {
		t.Errorf("format %+v", f)
	}
	if len(m.Links) != 2 || m.Links[0].Href != s.url+"/iot/api/v2/deviceModels/urn%3Atest%3Am" {
		t.Errorf("links %+v", m.Links)
	}
	if !strings.HasPrefix(string(a.body), `{"urn":"urn:test:m","name":"N","description":"D","system":false,"draft":false,"created":`) {
		t.Errorf("order of members: %.200s", a.body)
	}
}

func TestModelRefused(t *testing.T) {
	s := start(t)
	for _, test := range []struct {
		name, text string
		want       int
		says       string
	}{
		{"exists", pumpModel, 409, "urn:test:pump"},
		{"no JSON", "hello", 400, ""},
		{"empty", "", 400, ""},
		{"no urn", `{"name":"x"}`, 400, "urn"},
		{"wrong type", `{"urn":"urn:x","name":"x","attributes":[{"name":"a","type":"INT"}]}`, 400, "INT"},
		{"duplicate attribute", `{"urn":"urn:x","name":"x","attributes":[{"name":"a","type":"STRING"},{"name":"a","type":"STRING"}]}`, 400, "M01"},
		{"a list", `[{"urn":"urn:x","name":"x"}]`, 400, "not a list"},
		{"a page", `{"items":[{"urn":"urn:x","name":"x"}]}`, 400, ""},
		{"a capability", `{"urn":"urn:oracle:iot:dcd:capability:x","name":"x"}`, 400, "M14"},
		{"a bad link", `{"urn":"urn:x","name":"x","links":1}`, 400, "links"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := s.asUser("POST", "/deviceModels", test.text).wantProblem(t, test.want)
			if !strings.Contains(string(a.body), test.says) {
				t.Errorf("%s does not say %q", a.body, test.says)
			}
		})
	}
	s.do("POST", "/iot/api/v2/deviceModels", []byte(pumpModel)).wantProblem(t, 401)
	var page struct{ Count int }
	s.asUser("GET", "/deviceModels", "").into(t, &page)
	if page.Count != 1 {
		t.Errorf("%d models after refusals", page.Count)
	}
}

func TestModelInPlaceOfDraft(t *testing.T) {
	s := start(t)
	d := s.register("dev")
	d.login()
	d.call("POST", direct, encode(t, d.activationBody("urn:test:m"))).want(t, 200)
	s.asUser("POST", "/deviceModels", `{"urn":"urn:test:m","name":"M"}`).want(t, 201)
	var m struct{ Draft bool }
	if s.asUser("GET", "/deviceModels/urn:test:m", "").into(t, &m); m.Draft {
		t.Error("still a draft")
	}
}

func TestModelList(t *testing.T) {
	s := start(t)
	for _, name := range []string{"a", "b", "c"} {
		s.asUser("POST", "/deviceModels", `{"urn":"urn:test:`+name+`","name":"Model `+name+`"}`).want(t, 201)
	}
	names := func(query string) string {
		t.Helper()
		var page struct{ Items []struct{ Name string } }
		s.asUser("GET", "/deviceModels?"+query, "").want(t, 200).into(t, &page)
		var all []string
		for _, item := range page.Items {
			all = append(all, item.Name)
		}
		return strings.Join(all, ",")
	}
	for query, want := range map[string]string{
		`q={"urn":{"$eq":"urn:test:b"}}`:                       "Model b",
		`q=%7B%22name%22:%7B%22$like%22:%22Model+%25%22%7D%7D`: "Model a,Model b,Model c",
		`q={"name"%3A{"%24like"%3A"%l%b"}}`:                    "Model b",
		`q={"attributes.name":"speed"}`:                        "Pump",
		"orderBy=name:desc&limit=2":                            "Pump,Model c",
		"orderBy=name&offset=1&limit=2":                        "Model b,Model c",
	} {
		if got := names(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	var count struct{ Count int }
	s.asUser("GET", `/deviceModels/count?q={"name":{"$like":"Model%"}}`, "").into(t, &count)
	if count.Count != 3 {
		t.Errorf("count %d", count.Count)
	}
	s.asUser("GET", "/deviceModels?q={", "").wantProblem(t, 400)
	s.asUser("GET", "/deviceModels?orderBy=:", "").wantProblem(t, 400)
	s.asUser("GET", "/deviceModels?limit=0", "").wantProblem(t, 400)
	s.asUser("GET", "/deviceModels/count?q=[", "").wantProblem(t, 400)
}

func TestPolicies(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	const root = "/iot/privateapi/v2/deviceModels/urn%3Atest%3Apump/devicePolicies"
	for _, path := range []string{root + `?q=%7B%22devices.id%22%3A%22` + d.id + `%22%7D&fields=id%2Cpipelines%2Cenabled%2ClastModified`, root + `?q={"devices.id":"x"}`,
		strings.Replace(root, "privateapi", "privatewebapi", 1), root + "/p1/devices"} {
		var page struct {
			Items []any
			Links []any
		}
		a := d.call("GET", path, nil).want(t, 200)
		if a.into(t, &page); page.Items == nil || len(page.Items) != 0 || page.Links == nil {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	d.call("GET", root+"/p1?fields=id", nil).wantProblem(t, 404)
	d.call("GET", strings.Replace(root, "privateapi", "api", 1), nil).wantProblem(t, 403)
	s.do("GET", root, nil).wantProblem(t, 401)
}
