package emulatortest_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	pumpURN   = "urn:test:pump"
	pumpModel = `{"urn":"urn:test:pump","name":"Pump","attributes":[{"name":"speed","type":"INTEGER","range":"0,3000","writable":true}],
 "actions":[{"name":"stop"}],"formats":[{"urn":"urn:test:pump:hot","name":"hot","type":"ALERT","value":{"fields":[]}}]}`
)

// client is a device as small as it can be, with the credentials of a provisioning file.
type client struct {
	t      testing.TB
	cloud  *emulatortest.Server
	assets *trust.File
	id     string
	http   *http.Client
	token  string
}

func open(t testing.TB, cloud *emulatortest.Server, d *emulatortest.Device) *client {
	t.Helper()
	assets, err := trust.Open(d.Path, []byte(d.Passphrase))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	for _, anchor := range assets.TrustAnchors() {
		roots.AddCert(anchor)
	}
	transport := &http.Transport{DialContext: cloud.Dial, TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, cloud: cloud, assets: assets, id: assets.EndpointID(), http: &http.Client{Transport: transport}}
}

func (c *client) post(path string, body []byte, contentType string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(context.Background(), "POST", "https://"+c.assets.Host()+fmt.Sprintf(":%d", c.assets.Port())+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", contentType)
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, text, err
}

// must makes a call that has to succeed.
func (c *client) must(path string, body []byte) []byte {
	c.t.Helper()
	status, text, err := c.post(path, body, "application/json")
	if err != nil || status >= 300 {
		c.t.Fatalf("%s: %d %s, %v", path, status, text, err)
	}
	return text
}

// login gets a token with the secret, or with the key when there is one.
func (c *client) login() {
	c.t.Helper()
	algorithm, id, scope := "HS256", c.assets.ClientID(), "oracle/iot/activation"
	if c.id != "" {
		algorithm, id, scope = "RS256", c.id, ""
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"`+algorithm+`"}`)) + "." + encode(fmt.Appendf(nil, `{"iss":%q,"aud":"oracle/iot/oauth2/token","exp":%d}`, id, time.Now().Unix()+900))
	var signature []byte
	var err error
	if c.id == "" {
		signature, err = c.assets.SignWithSecret("", []byte(text))
	} else {
		signature, err = c.sign([]byte(text))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.token = ""
	form := "grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=" + text + "." + encode(signature) + "&scope=" + scope
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(c.must("/iot/api/v2/oauth2/token", []byte(form)), &answer); err != nil {
		c.t.Fatal(err)
	}
	c.token = answer.Token
}

func (c *client) sign(data []byte) ([]byte, error) {
	signer, err := c.assets.Signer()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return signer.Sign(rand.Reader, sum[:], crypto.SHA256)
}

// data is a DATA message with a speed.
func (c *client) data(speed int64) []byte {
	return wire.AppendData(nil, &wire.Header{ClientID: wire.NewUUID(), Source: c.id, EventTime: 1, Priority: wire.Low}, pumpURN+":attributes",
		[]wire.Item{{Name: "speed", Value: wire.IntegerValue(speed)}})
}

func (c *client) send(messages ...[]byte) {
	c.t.Helper()
	c.must("/iot/api/v2/messages?acceptBytes=0", slicesJoin(messages))
}

func slicesJoin(messages [][]byte) []byte {
	return []byte("[" + string(bytes.Join(messages, []byte(","))) + "]")
}

// serve answers each request that comes in the next long poll.
func (c *client) serve(status int) []*wire.Message {
	c.t.Helper()
	elements, err := wire.SplitArray(c.must("/iot/api/v2/messages?acceptBytes=4190&iot.sync", nil))
	if err != nil {
		c.t.Fatal(err)
	}
	var all []*wire.Message
	for _, element := range elements {
		m, err := wire.DecodeMessage(element)
		if err != nil {
			c.t.Fatal(err)
		}
		all = append(all, m)
		c.send(wire.AppendResponse(nil, &wire.Header{ClientID: wire.NewUUID(), Source: m.Destination, Destination: m.Source, EventTime: 1}, &wire.Response{StatusCode: status, RequestID: m.ID}))
	}
	return all
}

// recorder is a testing.TB that notes failures in place of failing.
type recorder struct {
	testing.TB
	failed   bool
	text     strings.Builder
	cleanups []func()
}

type fatal struct{}

func (r *recorder) Helper()           {}
func (r *recorder) Failed() bool      { return r.failed }
func (r *recorder) Cleanup(fn func()) { r.cleanups = append(r.cleanups, fn) }
func (r *recorder) Log(args ...any)   { fmt.Fprintln(&r.text, args...) }
func (r *recorder) Fatal(args ...any) { r.Log(args...); r.failed = true; panic(fatal{}) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.Fatal(fmt.Sprintf(format, args...))
}
func (r *recorder) Errorf(format string, args ...any) {
	r.Log(fmt.Sprintf(format, args...))
	r.failed = true
}

// TempDir makes a folder for a recorder that stands for no real test.
func (r *recorder) TempDir() string {
	if r.TB != nil {
		return r.TB.TempDir()
	}
	dir, err := os.MkdirTemp("", "emulatortest")
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// done ends the test.
func (r *recorder) done() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}

// record runs a test of its own and gives what it said and whether it failed.
func record(t *testing.T, test func(tb testing.TB)) (text string, failed bool) {
	t.Helper()
	r := &recorder{TB: t}
	func() {
		defer func() {
			if reason := recover(); reason != nil && reason != (fatal{}) {
				panic(reason)
			}
		}()
		test(r)
	}()
	r.done()
	return r.text.String(), r.failed
}
