package emulator_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/emulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	sharedAuthority = sync.OnceValues(emulator.NewAuthority)
	sharedKey       = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
)

func testKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := sharedKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

const (
	pumpURN   = "urn:test:pump"
	pumpModel = `{"urn":"urn:test:pump","name":"Pump","attributes":[
 {"name":"speed","alias":"rpm","type":"INTEGER","range":"0,3000","writable":true},{"name":"since","type":"DATETIME","writable":true},
 {"name":"label","type":"STRING"}],
 "actions":[{"name":"stop"},{"name":"ramp","argType":"INTEGER","range":"0,100"}],
 "formats":[{"urn":"urn:test:pump:hot","name":"hot","type":"ALERT","value":{"fields":[{"name":"temp","type":"NUMBER","optional":false}]}}]}`
)

// site is a server of a test with a client that trusts it.
type site struct {
	t      testing.TB
	server *emulator.Server
	url    string
	client *http.Client
}

func newServer(t testing.TB, opts ...emulator.Option) *emulator.Server {
	t.Helper()
	authority, err := sharedAuthority()
	if err != nil {
		t.Fatal(err)
	}
	server, err := emulator.New(append([]emulator.Option{emulator.WithAuthority(authority), emulator.WithUser("tester", "secret")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// start serves a new server on a port of its own until the test ends.
func start(t testing.TB, opts ...emulator.Option) *site {
	t.Helper()
	s := serve(t, newServer(t, opts...))
	if _, err := s.server.AddModel([]byte(pumpModel)); err != nil && !strings.Contains(err.Error(), "exists") {
		t.Fatal(err)
	}
	return s
}

func serve(t testing.TB, server *emulator.Server) *site {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	roots := x509.NewCertPool()
	roots.AddCert(server.Root())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return &site{t, server, "https://" + listener.Addr().String(), &http.Client{Transport: transport}}
}

// inBubble runs a test on the clock of a bubble of testing/synctest, with a server that is reached over pipes.
func inBubble(t *testing.T, test func(t *testing.T, s *site), opts ...emulator.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := newServer(t, opts...)
		if _, err := server.AddModel([]byte(pumpModel)); err != nil {
			t.Fatal(err)
		}
		listener := newPipe()
		served := make(chan error, 1)
		go func() { served <- server.Serve(context.Background(), listener) }()
		roots := x509.NewCertPool()
		roots.AddCert(server.Root())
		transport := &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots},
			DialContext:     func(context.Context, string, string) (net.Conn, error) { return listener.dial(), nil },
		}
		t.Cleanup(func() {
			transport.CloseIdleConnections()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			server.Close(ctx) // some tests look at its error themselves
			if err := <-served; err != nil {
				t.Errorf("serve: %v", err)
			}
		})
		test(t, &site{t, server, "https://localhost", &http.Client{Transport: transport}})
	})
}

// answer is what a call gave.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.body) }

// into reads the body as JSON.
func (a answer) into(t testing.TB, value any) {
	t.Helper()
	if err := json.Unmarshal(a.body, value); err != nil {
		t.Fatalf("%v: %v", a, err)
	}
}

// do makes a call. header holds pairs of names and values.
func (s *site) do(method, path string, body []byte, header ...string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, s.url+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body == nil {
		request.Body, request.ContentLength = nil, 0
	}
	for pair := range slices.Chunk(header, 2) {
		request.Header.Set(pair[0], pair[1])
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, text}
}

// asUser makes a call as the user.
func (s *site) asUser(method, path string, body string, header ...string) answer {
	s.t.Helper()
	credentials := base64.StdEncoding.EncodeToString([]byte("tester:secret"))
	var text []byte
	if body != "" {
		text = []byte(body)
	}
	return s.do(method, "/iot/api/v2"+path, text, append([]string{"Authorization", "Basic " + credentials}, header...)...)
}

// want fails the test when a call did not give the status.
func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %v, want %d", a, status)
	}
	return a
}

// wantProblem checks the platform's error shape.
func (a answer) wantProblem(t testing.TB, status int) answer {
	t.Helper()
	var p struct {
		Type, Title, Detail string
		Status              int
		Code                string `json:"o:errorCode"`
	}
	a.want(t, status).into(t, &p)
	if p.Status != status || p.Type == "" || p.Title == "" || p.Detail == "" || p.Code == "" {
		t.Fatalf("no problem document: %s", a.body)
	}
	return a
}

// rawDevice speaks for a device without a device library.
type rawDevice struct {
	*site
	hardwareID, secret string
	id                 string // endpoint id
	key                *rsa.PrivateKey
	token              string
}

func base64URL(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

func mac(secret, text string) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}

func sign(t testing.TB, key *rsa.PrivateKey, data []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(data)
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func claims(id string, expires time.Time) string {
	return fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":"oracle/iot/oauth2/token","exp":%d}`, id, id, expires.Unix())
}

// secretAssertion is the one of a device that is not activated.
func (d *rawDevice) secretAssertion(expires time.Time) string {
	text := base64URL([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + base64URL([]byte(claims(d.hardwareID, expires)))
	return text + "." + base64URL(mac(d.secret, text))
}

// keyAssertion is the one of an activated device.
func (d *rawDevice) keyAssertion(expires time.Time) string {
	text := base64URL([]byte(`{"typ":"JWT","alg":"RS256"}`)) + "." + base64URL([]byte(claims(d.id, expires)))
	return text + "." + base64URL(sign(d.t, d.key, []byte(text)))
}

func tokenForm(assertion, scope string) []byte {
	return []byte("grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=" +
		assertion + "&scope=" + scope)
}

func (d *rawDevice) askToken(assertion, scope string) answer {
	d.t.Helper()
	return d.do("POST", "/iot/api/v2/oauth2/token", tokenForm(assertion, scope), "Content-Type", "application/x-www-form-urlencoded")
}

// login gets a token and keeps it.
func (d *rawDevice) login() {
	d.t.Helper()
	a := d.askToken(d.secretAssertion(time.Now().Add(time.Minute)), "oracle/iot/activation")
	if d.id != "" {
		a = d.askToken(d.keyAssertion(time.Now().Add(time.Minute)), "")
	}
	var body struct {
		AccessToken string `json:"access_token"`
	}
	a.want(d.t, 200).into(d.t, &body)
	d.token = body.AccessToken
}

// call makes a call with the device's token.
func (d *rawDevice) call(method, path string, body []byte, header ...string) answer {
	d.t.Helper()
	return d.do(method, path, body, append([]string{"Authorization", "Bearer " + d.token, "Content-Type", "application/json"}, header...)...)
}

// activationBody is a direct activation with everything right.
func (d *rawDevice) activationBody(models ...string) map[string]any {
	d.t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&d.key.PublicKey)
	if err != nil {
		d.t.Fatal(err)
	}
	signed := slices.Concat([]byte(d.hardwareID+"\nRSA\nX.509\nHmacSHA256\n"), mac(d.secret, d.hardwareID), der)
	return map[string]any{
		"certificationRequestInfo": map[string]any{
			"subject":              d.hardwareID,
			"subjectPublicKeyInfo": map[string]any{"algorithm": "RSA", "publicKey": der, "format": "X.509", "secretHashAlgorithm": "HmacSHA256"},
			"attributes":           map[string]any{},
		},
		"signatureAlgorithm": "SHA256withRSA", "signature": sign(d.t, d.key, signed), "deviceModels": models,
	}
}

func encode(t testing.TB, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// register registers a device that is not activated.
func (s *site) register(hardwareID string) *rawDevice {
	s.t.Helper()
	d := &rawDevice{site: s, hardwareID: hardwareID, secret: "secret of " + hardwareID, key: testKey(s.t)}
	if _, err := s.server.Register(emulator.Registration{HardwareID: hardwareID, Secret: []byte(d.secret)}); err != nil {
		s.t.Fatal(err)
	}
	return d
}

// activated registers a device that is activated and logged in.
func (s *site) activated(hardwareID string, gateway bool, models ...string) *rawDevice {
	s.t.Helper()
	d := &rawDevice{site: s, hardwareID: hardwareID, secret: "secret of " + hardwareID, key: testKey(s.t)}
	if len(models) == 0 {
		models = []string{pumpURN}
	}
	registered, err := s.server.Register(emulator.Registration{
		HardwareID: hardwareID, Secret: []byte(d.secret), PublicKey: &d.key.PublicKey, Models: models, Gateway: gateway})
	if err != nil {
		s.t.Fatal(err)
	}
	d.id = registered.EndpointID
	d.login()
	return d
}

// data is a DATA message; change may change its members.
func (d *rawDevice) data(change ...func(m map[string]any)) map[string]any {
	m := map[string]any{
		"clientId": rand.Text(), "source": d.id, "destination": "", "sender": "", "priority": "LOW", "reliability": "BEST_EFFORT",
		"eventTime": 1511805927387, "type": "DATA", "payload": map[string]any{"format": pumpURN + ":attributes", "data": map[string]any{"speed": 12}},
	}
	for _, c := range change {
		c(m)
	}
	return m
}

func with(name string, value any) func(m map[string]any) {
	return func(m map[string]any) { m[name] = value }
}

func without(name string) func(m map[string]any) {
	return func(m map[string]any) { delete(m, name) }
}

// withPayload changes a member of the payload.
func withPayload(name string, value any) func(m map[string]any) {
	return func(m map[string]any) {
		payload := maps.Clone(m["payload"].(map[string]any))
		payload[name] = value
		m["payload"] = payload
	}
}

// send posts messages with an offer of 0 bytes.
func (d *rawDevice) send(messages ...map[string]any) answer {
	d.t.Helper()
	return d.call("POST", "/iot/api/v2/messages?acceptBytes=0", encode(d.t, messages), "X-EndpointId", d.id)
}

// stored gives the messages that the server has.
func (s *site) stored() []emulator.Message {
	s.t.Helper()
	messages, _, err := s.server.Messages(0)
	if err != nil {
		s.t.Fatal(err)
	}
	return messages
}

func newRequest(t testing.TB, url string, body io.Reader, token string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), "POST", url, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return request
}
