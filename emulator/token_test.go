package emulator_test

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
)

func inAMinute() time.Time { return time.Now().Add(time.Minute) }

func TestToken(t *testing.T) {
	s := start(t)
	d := s.register("dev-1")
	a := d.askToken(d.secretAssertion(inAMinute()), "oracle/iot/activation").want(t, 200)
	var body map[string]any
	a.into(t, &body)
	if body["expires_in"] != 3600000.0 || body["token_type"] != "Bearer" || len(body) != 3 {
		t.Errorf("answer %s", a.body)
	}
	// Shell scripts look for this.
	if !regexp.MustCompile(`"access_token":\s*"[A-Za-z0-9]{32}"`).Match(a.body) || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("answer %v %s", a.header, a.body)
	}
	if again := d.askToken(d.secretAssertion(inAMinute()), "oracle/iot/activation").want(t, 200); string(again.body) == string(a.body) {
		t.Error("the same token twice")
	}
}

// The forms of docs/protocol/transport.md §4.
func TestTokenRequestForms(t *testing.T) {
	s := start(t)
	d := s.register("dev-1")
	assertion := d.secretAssertion(inAMinute())
	padded := func() string {
		parts := strings.Split(assertion, ".")[:2]
		for i, part := range parts {
			raw, err := base64.RawURLEncoding.DecodeString(part)
			if err != nil {
				t.Fatal(err)
			}
			parts[i] = base64.StdEncoding.EncodeToString(raw)
		}
		text := strings.Join(parts, ".")
		return text + "." + base64.StdEncoding.EncodeToString(mac(d.secret, text))
	}()
	const start = "grant_type=client_credentials&client_assertion_type="
	const raw = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	for name, test := range map[string]struct{ path, body string }{
		"JavaScript and Java":    {"/iot/api/v2/oauth2/token", string(tokenForm(assertion, "oracle/iot/activation"))},
		"slash at the end":       {"/iot/api/v2/oauth2/token/", string(tokenForm(assertion, "oracle/iot/activation"))},
		"web root":               {"/iot/webapi/v2/oauth2/token", string(tokenForm(assertion, "oracle/iot/activation"))},
		"raw colons":             {"/iot/api/v2/oauth2/token", start + raw + "&client_assertion=" + assertion + "&scope=oracle/iot/activation"},
		"everything escaped":     {"/iot/api/v2/oauth2/token", start + raw + "&client_assertion=" + strings.ReplaceAll(assertion, ".", "%2E") + "&scope=oracle%2Fiot%2Factivation"},
		"padded, standard":       {"/iot/api/v2/oauth2/token", string(tokenForm(padded, "oracle/iot/activation"))},
		"other order, line end":  {"/iot/api/v2/oauth2/token", "scope=oracle/iot/activation&client_assertion=" + assertion + "&" + start + raw + "\n"},
		"replayed, which may be": {"/iot/api/v2/oauth2/token", string(tokenForm(assertion, "oracle/iot/activation"))},
	} {
		if a := s.do("POST", test.path, []byte(test.body)); a.status != 200 {
			t.Errorf("%s: %v", name, a)
		}
	}
}

func TestTokenRefused(t *testing.T) {
	s := start(t)
	fresh, used := s.register("fresh"), s.activated("used", false)
	unknown := &rawDevice{site: s, hardwareID: "unknown", secret: "x", id: "0-NONE", key: testKey(t)}
	forged := &rawDevice{site: s, hardwareID: "fresh", secret: "guess"}
	const scope = "oracle/iot/activation"
	before := time.Now().UnixMilli()
	for name, body := range map[string][]byte{
		"wrong secret":                     tokenForm(forged.secretAssertion(inAMinute()), scope),
		"unknown device":                   tokenForm(unknown.secretAssertion(inAMinute()), scope),
		"unknown endpoint":                 tokenForm(unknown.keyAssertion(inAMinute()), ""),
		"expired":                          tokenForm(fresh.secretAssertion(time.Now().Add(-time.Second)), scope),
		"expired, with key":                tokenForm(used.keyAssertion(time.Now().Add(-time.Second)), ""),
		"secret after the activation":      tokenForm(used.secretAssertion(inAMinute()), scope),
		"secret with empty scope":          tokenForm(used.secretAssertion(inAMinute()), ""),
		"secret with empty scope, fresh":   tokenForm(fresh.secretAssertion(inAMinute()), ""),
		"key with the scope of activation": tokenForm(used.keyAssertion(inAMinute()), scope),
		"other scope":                      tokenForm(fresh.secretAssertion(inAMinute()), "oracle/iot/admin"),
		"no assertion":                     tokenForm("", scope),
		"other grant":                      []byte(strings.Replace(string(tokenForm(fresh.secretAssertion(inAMinute()), scope)), "client_credentials", "password", 1)),
		"other kind of assertion":          []byte(strings.Replace(string(tokenForm(fresh.secretAssertion(inAMinute()), scope)), "jwt-bearer", "saml2-bearer", 1)),
		"empty":                            {},
		"JSON":                             []byte(`{"grant_type":"client_credentials"}`),
	} {
		a := s.do("POST", "/iot/api/v2/oauth2/token", body).wantProblem(t, 400)
		var p struct{ CurrentTime int64 }
		a.into(t, &p)
		if p.CurrentTime < before || p.CurrentTime > time.Now().UnixMilli() {
			t.Errorf("%s: currentTime %d in %s", name, p.CurrentTime, a.body)
		}
		if strings.Contains(string(a.body), "access_token") {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	s.do("POST", "/iot/api/v2/oauth2/token", make([]byte, 100_000)).wantProblem(t, 413)
}

func TestTokenUse(t *testing.T) {
	s := start(t)
	fresh, used := s.register("fresh"), s.activated("used", false)
	fresh.login()
	other := s.activated("other", false)
	const policy, model = "/iot/api/v2/activation/policy", "/iot/api/v2/deviceModels/" + pumpURN
	for _, test := range []struct {
		name, method, path string
		header             []string
		want               int
	}{
		{"none", "GET", model, nil, 401},
		{"empty, as JavaScript sends it at first", "GET", model, []string{"Authorization", ""}, 401},
		{"unknown", "GET", model, []string{"Authorization", "Bearer 0123456789abcdef0123456789abcdef"}, 401},
		{"another scheme", "GET", policy, []string{"Authorization", "Digest x"}, 401},
		{"scheme in lower case", "GET", model, []string{"Authorization", "bearer " + used.token}, 200},
		{"activation token for the activation", "GET", policy, []string{"Authorization", "Bearer " + fresh.token}, 200},
		{"activation token for something else", "GET", model, []string{"Authorization", "Bearer " + fresh.token}, 403},
		{"device token for the activation", "GET", policy, []string{"Authorization", "Bearer " + used.token}, 403},
		{"device token for the business of people", "GET", "/iot/api/v2/devices", []string{"Authorization", "Bearer " + used.token}, 403},
		{"the right endpoint", "GET", model, []string{"Authorization", "Bearer " + used.token, "X-EndpointId", used.id}, 200},
		{"another endpoint", "GET", model, []string{"Authorization", "Bearer " + used.token, "X-EndpointId", other.id}, 403},
		{"the right activation id", "GET", policy, []string{"Authorization", "Bearer " + fresh.token, "X-ActivationId", "fresh"}, 200},
		{"another activation id", "GET", policy, []string{"Authorization", "Bearer " + fresh.token, "X-ActivationId", "used"}, 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := s.do(test.method, test.path, nil, test.header...)
			if test.want >= 400 {
				a.wantProblem(t, test.want)
			} else {
				a.want(t, test.want)
			}
		})
	}
}

func TestTokensOfDisabledAndRemovedDevices(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	s.asUser("POST", "/devices/"+d.id, `{"state":"DISABLED"}`, "X-HTTP-Method-Override", "PATCH").want(t, 200)
	d.send(d.data()).wantProblem(t, 403)
	d.askToken(d.keyAssertion(inAMinute()), "").wantProblem(t, 400)
	s.asUser("PATCH", "/devices/"+d.id, `{"state":"ACTIVATED"}`).want(t, 200)
	d.send(d.data()).want(t, 202)
	s.asUser("DELETE", "/devices/"+d.id, "").want(t, 204)
	d.send(d.data()).wantProblem(t, 401)
	d.askToken(d.keyAssertion(inAMinute()), "").wantProblem(t, 400)
	if n := len(s.stored()); n != 1 {
		t.Errorf("%d messages stored, want 1", n)
	}
}

func TestTokenLife(t *testing.T) {
	s := start(t, emulator.WithTokenLife(2*time.Hour))
	d := s.activated("dev", false)
	var body struct {
		ExpiresIn int64 `json:"expires_in"`
	}
	d.askToken(d.keyAssertion(inAMinute()), "").into(t, &body)
	if body.ExpiresIn != 7200000 {
		t.Errorf("expires_in %d", body.ExpiresIn)
	}
}
