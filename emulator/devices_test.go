package emulator_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

type deviceView struct {
	ID, Type, Name, State, HardwareID, DeviceUID, ConnectivityStatus, SharedSecret, DirectlyConnectedOwner, CreatedAsString, Manufacturer string
	Enabled                                                                                                                               bool
	Created, LastHeardTime                                                                                                                int64
	DeviceModels                                                                                                                          []struct{ URN, Name string }
	Metadata                                                                                                                              map[string]any
	Location                                                                                                                              map[string]float64
	Links                                                                                                                                 []struct{ Rel, Href string }
}

func TestRegistration(t *testing.T) {
	s := start(t)
	a := s.asUser("POST", "/devices/", `{"hardwareId":"pump-7","sharedSecret":"c2VjcmV0","name":"Pump 7","manufacturer":"Acme","metadata":{"city":"Hamburg"},"location":{"latitude":53.5}}`).want(t, 201)
	var d deviceView
	a.into(t, &d)
	if d.ID == "" || d.ID == "pump-7" || d.Type != "DIRECTLY_CONNECTED_DEVICE" || d.State != "REGISTERED" || d.HardwareID != "pump-7" || d.DeviceUID != "pump-7" ||
		d.SharedSecret != "c2VjcmV0" || d.DirectlyConnectedOwner != d.ID || d.Enabled || d.ConnectivityStatus != "OFFLINE" || d.Manufacturer != "Acme" ||
		d.Metadata["city"] != "Hamburg" || d.Location["latitude"] != 53.5 || d.DeviceModels == nil || d.Links[0].Href != s.url+"/iot/api/v2/devices/"+d.ID {
		t.Errorf("registered %s", a.body)
	}
	if strings.Count(string(a.body), `"id"`) != 1 {
		t.Errorf("shell scripts need exactly one id: %s", a.body)
	}
	again := s.asUser("GET", "/devices/"+d.ID, "").want(t, 200)
	if strings.Contains(string(again.body), "sharedSecret") {
		t.Errorf("the secret is told again: %s", again.body)
	}
	// The id of the registration is the endpoint id after the activation.
	device := &rawDevice{site: s, hardwareID: "pump-7", secret: "secret", key: testKey(t)}
	device.login()
	if id := endpointOf(t, device.call("POST", direct, encode(t, device.activationBody(pumpURN, "urn:oracle:iot:dcd:capability:direct_activation")))); id != d.ID {
		t.Errorf("endpoint id %s, registered as %s", id, d.ID)
	}
	device.id = d.ID
	device.login()
	s.asUser("GET", "/devices/"+d.ID, "").into(t, &d)
	if d.State != "ACTIVATED" || !d.Enabled || d.ConnectivityStatus != "ONLINE" || d.LastHeardTime < 1e12 || len(d.DeviceModels) != 1 || d.DeviceModels[0].Name != "Pump" {
		t.Errorf("after the activation %+v", d)
	}
}

func TestRegistrationInvents(t *testing.T) {
	s := start(t)
	var d deviceView
	s.asUser("POST", "/devices", `{"deviceUID":"new-name"}`).want(t, 201).into(t, &d)
	if secret, err := base64.StdEncoding.DecodeString(d.SharedSecret); d.HardwareID != "new-name" || err != nil || len(secret) < 16 {
		t.Errorf("registered %+v", d)
	}
	s.asUser("POST", "/devices", `{"type":"GATEWAY"}`).want(t, 201).into(t, &d)
	if d.HardwareID == "" || d.Type != "GATEWAY" {
		t.Errorf("registered %+v", d)
	}
}

func TestRegistrationRefused(t *testing.T) {
	s := start(t)
	s.register("taken")
	for body, want := range map[string]int{
		`{"hardwareId":"taken"}`:                            409,
		`{"hardwareId":""}`:                                 400,
		`{"hardwareId":" x "}`:                              400,
		`{"hardwareId":"a\nb"}`:                             400,
		`{"hardwareId":"` + strings.Repeat("x", 300) + `"}`: 400,
		`{"type":"TOASTER"}`:                                400,
		`{"hardwareId":1}`:                                  400,
		`{"sharedSecret":"***"}`:                            400,
		`{"sharedSecret":""}`:                               400,
		`[]`:                                                400,
		``:                                                  400,
	} {
		if a := s.asUser("POST", "/devices", body); a.status != want {
			t.Errorf("%.40s: %v, want %d", body, a, want)
		}
	}
	s.asUser("POST", "/devices", strings.Repeat("x", 2<<20)).wantProblem(t, 413)
	var count struct{ Count int }
	if s.asUser("GET", "/devices/count", "").into(t, &count); count.Count != 1 {
		t.Errorf("%d devices", count.Count)
	}
}

func TestDevicePatch(t *testing.T) {
	s := start(t)
	d := s.register("dev")
	registered, _ := s.server.DeviceByHardwareID("dev")
	path := "/devices/" + registered.EndpointID
	var view deviceView
	s.asUser("POST", path, `{"name":"New","metadata":{"a":1}}`, "X-HTTP-Method-Override", "patch").want(t, 200).into(t, &view)
	if view.Name != "New" || view.Metadata["a"] != 1.0 || view.State != "REGISTERED" {
		t.Errorf("changed to %+v", view)
	}
	s.asUser("PATCH", path, `{"state":"DISABLED"}`).want(t, 200)
	d.askToken(d.secretAssertion(inAMinute()), "oracle/iot/activation").wantProblem(t, 400)
	s.asUser("PATCH", path, `{"state":"ACTIVATED"}`).want(t, 200).into(t, &view)
	if view.State != "REGISTERED" {
		t.Errorf("enabled again it is %s", view.State)
	}
	s.asUser("PATCH", path, `{"state":"ACTIVATED"}`).wantProblem(t, 400)
	s.asUser("PATCH", path, `{"state":"LOST"}`).wantProblem(t, 400)
	s.asUser("PATCH", path, `x`).wantProblem(t, 400)
	s.asUser("PATCH", "/devices/0-NONE", `{}`).wantProblem(t, 404)
	s.asUser("POST", path, `{}`).wantProblem(t, 405)
}

func TestDeviceDeletion(t *testing.T) {
	s := start(t)
	gateway := s.activated("gw", true)
	icd := endpointOf(t, gateway.call("POST", indirect, indirectBody(t, "icd", nil)))
	sent, err := s.server.WriteAttribute(icd, pumpURN, "speed", 1)
	if err != nil {
		t.Fatal(err)
	}
	s.asUser("DELETE", "/devices/"+gateway.id, "").want(t, 204)
	if ended, err := s.server.Await(t.Context(), sent.ID); err != nil || ended.Status != "FAILED" || ended.Response.StatusCode != 404 {
		t.Errorf("request to a device that is gone: %+v, %v", ended, err)
	}
	for _, id := range []string{gateway.id, icd} {
		s.asUser("GET", "/devices/"+id, "").wantProblem(t, 404)
		s.asUser("DELETE", "/devices/"+id, "").wantProblem(t, 404)
	}
	s.register("gw") // the hardware id is free again
}

// Paging as the clients do it (docs/protocol/management-api.md §1.4).
func TestDevicePages(t *testing.T) {
	s := start(t)
	for i := range 5 {
		s.register(fmt.Sprintf("dev-%d", i))
	}
	type page struct {
		Items                []map[string]any
		Count, Limit, Offset int
		HasMore              bool
		TotalResults         *int
		Links                []struct{ Rel, Href string }
	}
	var seen []string
	path := "/devices?orderBy=hardwareId%3Aasc&limit=2&totalResults=true&fields=hardwareId"
	for path != "" {
		var p page
		s.asUser("GET", path, "").want(t, 200).into(t, &p)
		if *p.TotalResults != 5 || p.Limit != 2 || p.Count != len(p.Items) || p.Offset != len(seen) || len(p.Items[0]) != 2 {
			t.Errorf("page %+v", p)
		}
		for _, item := range p.Items {
			seen = append(seen, item["hardwareId"].(string))
		}
		path = ""
		rels := ""
		for _, l := range p.Links {
			rels += l.Rel + " "
			if l.Rel == "next" {
				path = strings.TrimPrefix(l.Href, s.url+"/iot/api/v2")
			}
		}
		if p.HasMore != (path != "") || strings.Contains(rels, "prev") != (p.Offset > 0) || !strings.HasPrefix(rels, "canonical self first ") || !strings.HasSuffix(rels, "last ") {
			t.Errorf("links %s, hasMore %v", rels, p.HasMore)
		}
	}
	if strings.Join(seen, " ") != "dev-0 dev-1 dev-2 dev-3 dev-4" {
		t.Errorf("seen %v", seen)
	}
	var p page
	a := s.asUser("GET", "/devices?limit=1000&includeDecommissioned=false&expand=location%2Cmetadata", "")
	if a.into(t, &p); p.Limit != 200 || p.Count != 5 || p.TotalResults != nil {
		t.Errorf("page %s", a.body)
	}
	s.asUser("GET", `/devices?q={"$and":[{"connectivityStatus":{"$eq":"ONLINE"}},{"state":{"$eq":"ACTIVATED"}}]}`, "").into(t, &p)
	if p.Count != 0 {
		t.Errorf("%d devices are online", p.Count)
	}
	vendor := s.asUser("GET", "/devices", "", "Accept", "application/vnd.oracle.resource+json;type=collection")
	if got := vendor.header.Get("Content-Type"); got != "application/vnd.oracle.resource+json;type=collection" {
		t.Errorf("content type %s", got)
	}
}

func TestVersions(t *testing.T) {
	s := start(t)
	for _, path := range []string{"/iot/api", "/iot/api/"} {
		var page struct {
			Items []struct {
				Version  string
				IsLatest bool
			}
		}
		s.do("GET", path, nil).wantProblem(t, 401)
		s.do("GET", path, nil, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("tester:secret"))).want(t, 200).into(t, &page)
		if len(page.Items) != 1 || page.Items[0].Version != "v2" || !page.Items[0].IsLatest {
			t.Errorf("versions %+v", page)
		}
	}
}
