package emulator_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// captured is one line of a capture (testdata/captures/README.md).
type captured struct {
	Run             string
	Server          string // of the captures of storage objects: iot, or the store
	Seq             int
	CompletionOrder int
	Method, Path    string
	Headers         map[string]string
	RequestBody     json.RawMessage
	RequestBodyRaw  string
	Status          *int // nil: the client closed its connection while its poll was held
	ResponseHeaders headerLines
	ResponseBody    json.RawMessage
}

// headerLines are names and values; lengths were recorded as numbers.
type headerLines map[string]string

// UnmarshalJSON implements [json.Unmarshaler].
func (h *headerLines) UnmarshalJSON(text []byte) error {
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	*h = make(headerLines)
	for name, value := range values {
		(*h)[name] = fmt.Sprint(value)
		if n, ok := value.(float64); ok {
			(*h)[name] = strconv.FormatFloat(n, 'f', 0, 64)
		}
	}
	return nil
}

func readCapture(t *testing.T, name string) [][]captured {
	t.Helper()
	file, err := os.Open("../testdata/captures/" + name + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var runs [][]captured
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line captured
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if len(runs) == 0 || runs[len(runs)-1][0].Run != line.Run {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], line)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return runs
}

// identities are the devices of the captures with their secrets.
var identities = map[string]string{
	"JAVA-DCD-1": "java-secret-1", "JAVA-GW-1": "java-gw-secret", "JS-DCD-1": "js-secret-1", "JS-GW-1": "js-gw-secret",
	"T1": "t1-secret", "T2": "t2-secret", "T3": "t3-secret", "T4": "t4-secret", "ICD-HW-1": "icd-secret-1",
	"JAVA-ST-1": "java-st-1-secret", "JAVA-ST-GW": "java-st-gw-secret", "JS-ST-1": "js-st-1-secret", "JS-ST-GW": "js-st-gw-secret",
}

// TestReplay feeds the recorded requests of both official clients to the emulator and compares its answers with those that the clients
// were recorded with. Every difference is a row of docs/fidelity.md, and every row is a difference.
func TestReplay(t *testing.T) {
	found := make(map[difference]bool)
	for _, name := range []string{"java-18.3.5", "javascript-19.1.5", "java-storage-18.3.5", "javascript-storage-19.1.5"} {
		runs := readCapture(t, name)
		dir := t.TempDir() // the runs of a file share a server: here its state
		names := map[string]string{recordedContainer: emulator.ContainerPath}
		for i, run := range runs {
			t.Run(name+" "+run[0].Run, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(serverTime(t, run)))
					r := newReplay(t, dir, names, func(d difference) { found[d] = true })
					if i == 0 {
						r.register(runs)
					}
					r.play(run)
				})
			})
		}
	}
	compareWithDocument(t, found)
}

// serverTime is the time of the recorded server when a run began: as it said itself, or a quarter of an hour before the first
// assertion expires.
func serverTime(t *testing.T, run []captured) time.Time {
	t.Helper()
	var refusal struct{ CurrentTime int64 }
	if json.Unmarshal(run[0].ResponseBody, &refusal) == nil && refusal.CurrentTime != 0 {
		return time.UnixMilli(refusal.CurrentTime)
	}
	var form struct {
		Assertion string `json:"client_assertion"`
	}
	if err := json.Unmarshal(run[0].RequestBody, &form); err != nil {
		t.Fatal(err)
	}
	text := strings.TrimRight(strings.Split(form.Assertion, ".")[1], "=")
	claims, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Exp int64 }
	if err := json.Unmarshal(claims, &c); err != nil {
		t.Fatal(err)
	}
	return time.Unix(c.Exp-900, 0)
}

// replay is one run against one server.
type replay struct {
	t      *testing.T
	server *emulator.Server
	client *http.Client
	note   func(difference)
	names  map[string]string // recorded ids and the emulator's
	token  string            // newest
	permit map[string]string // recorded tokens of the object store and the emulator's
	held   []*heldPoll
	before uint64 // number of the last message of the runs before
}

type heldPoll struct {
	line   captured
	cancel context.CancelFunc
	done   chan answer
}

func newReplay(t *testing.T, dir string, names map[string]string, note func(difference)) *replay {
	t.Helper()
	server := newServer(t, emulator.WithDataDir(dir), emulator.WithHosts("iot.example.com"))
	listener := newPipe()
	served := make(chan error, 1)
	go func() { served <- server.Serve(context.Background(), listener) }()
	roots := x509.NewCertPool()
	roots.AddCert(server.Root())
	transport := &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: roots},
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return listener.dial(), nil },
		DisableCompression: true, // content is wanted as it is stored
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		closeServer(t, server)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	r := &replay{t: t, server: server, client: &http.Client{Transport: transport}, note: note, names: names, permit: make(map[string]string)}
	earlier, _, err := server.Messages(0)
	if err != nil {
		t.Fatal(err)
	}
	if len(earlier) > 0 {
		r.before = earlier[len(earlier)-1].Seq
	}
	return r
}

// register makes known what the recorded server knew from the start: device model, devices with secrets. Endpoint ids of devices that
// sign with them must be the recorded ones.
func (r *replay) register(runs [][]captured) {
	r.t.Helper()
	endpoints := make(map[string]string)
	for _, line := range slices.Concat(runs...) {
		var body struct {
			HardwareID string
			Info       struct{ Subject string } `json:"certificationRequestInfo"`
		}
		var activated struct{ EndpointID string }
		if strings.Contains(line.Path, "/activation/") && line.Method == "POST" {
			if err := errorsOf(json.Unmarshal(line.RequestBody, &body), json.Unmarshal(line.ResponseBody, &activated)); err != nil {
				r.t.Fatal(err)
			}
			endpoints[body.HardwareID+body.Info.Subject] = activated.EndpointID
		}
		if strings.Contains(line.Path, "/iot/api/v2/deviceModels/") && *line.Status == 200 {
			if _, err := r.server.AddModel(line.ResponseBody); err != nil && !strings.Contains(err.Error(), "409") {
				r.t.Fatal(err)
			}
		}
	}
	for id, secret := range identities {
		if _, err := r.server.Register(emulator.Registration{HardwareID: id, Secret: []byte(secret), EndpointID: endpoints[id]}); err != nil {
			r.t.Fatal(err)
		}
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// play sends the requests in their order. A poll that was held goes on beside the others and ends when it ended in the recording; the
// requests that it brought to the device are made just before.
func (r *replay) play(run []captured) {
	r.t.Helper()
	for _, line := range run {
		r.finish(line.CompletionOrder)
		if line.store() || line.leadsToStore() {
			r.exchangeObject(line)
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		poll := &heldPoll{line, cancel, make(chan answer, 1)}
		if line.Status != nil && line.CompletionOrder <= line.Seq {
			r.request(line)
		}
		go func() { poll.done <- r.send(ctx, line) }()
		synctest.Wait()
		if line.Status != nil && line.CompletionOrder <= line.Seq {
			r.compare(line, <-poll.done)
			cancel()
			continue
		}
		r.held = append(r.held, poll)
	}
	r.finish(1 << 30)
	r.check(run)
}

// check looks at what the run left: the messages fit their models, and every answer of the device has completed its request.
func (r *replay) check(run []captured) {
	r.t.Helper()
	if n := r.server.Violating(); n != 0 {
		r.t.Errorf("%d messages break their device model", n)
	}
	if n := r.server.Duplicates(); n != 0 {
		r.t.Errorf("%d messages were taken for ones that came before", n)
	}
	sent, stored := 0, 0
	for _, line := range run {
		elements, err := wire.SplitArray(line.RequestBody)
		if err != nil {
			continue // no call with messages
		}
		sent += len(elements)
		for _, element := range elements {
			m, err := wire.DecodeMessage(element)
			if err != nil {
				r.t.Fatal(err)
			}
			if m.Response == nil {
				continue
			}
			ended, err := r.server.Await(context.Background(), r.own(m.Response.RequestID))
			if err != nil || ended.Status != "COMPLETED" || ended.Response.StatusCode != m.Response.StatusCode {
				r.t.Errorf("%d: the answer left %+v, %v", line.Seq, ended, err)
			}
		}
	}
	messages, _, err := r.server.Messages(r.before)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, m := range messages {
		if m.Direction == wire.FromDevice {
			stored++
		}
	}
	if sent != stored {
		r.t.Errorf("%d messages sent, %d stored", sent, stored)
	}
}

// finish ends the held polls that ended before the exchange with the given place among all that ended.
func (r *replay) finish(before int) {
	r.t.Helper()
	r.held = slices.DeleteFunc(r.held, func(p *heldPoll) bool {
		if p.line.CompletionOrder > before {
			return false
		}
		select {
		case a := <-p.done:
			r.t.Errorf("%d: the poll was not held: %v", p.line.Seq, a)
			return true
		default:
		}
		if p.line.Status == nil {
			p.cancel()
			<-p.done
			return true
		}
		r.request(p.line)
		r.compare(p.line, <-p.done)
		p.cancel()
		return true
	})
}

// request makes the requests that the recorded answer brought to the device.
func (r *replay) request(line captured) {
	r.t.Helper()
	if !strings.Contains(line.Path, "/messages") {
		return
	}
	elements, err := wire.SplitArray(line.ResponseBody)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, element := range elements {
		m, err := wire.DecodeMessage(element)
		if err != nil {
			r.t.Fatal(err)
		}
		sent, err := r.server.Send(r.own(m.Destination), m.Request)
		if err != nil {
			r.t.Fatalf("%d: %v", line.Seq, err)
		}
		r.names[m.ID] = sent.ID
	}
}

// own replaces recorded ids by those of the emulator.
func (r *replay) own(text string) string {
	for recorded, own := range r.names {
		text = strings.ReplaceAll(text, recorded, own)
	}
	return text
}

// send sends a recorded request as it was, but for ids and token.
func (r *replay) send(ctx context.Context, line captured) answer {
	var body io.Reader
	text := r.own(string(line.RequestBody))
	switch {
	case line.RequestBodyRaw != "":
		body = strings.NewReader(line.RequestBodyRaw)
	case text != "null" && text != "":
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(text)); err != nil {
			return answer{body: []byte(err.Error())}
		}
		body = &compact
	}
	request, err := http.NewRequestWithContext(ctx, line.Method, "https://localhost"+r.own(line.Path), body)
	if err != nil {
		return answer{body: []byte(err.Error())}
	}
	for name, value := range line.Headers {
		switch name {
		case "Host":
			request.Host = value
		case "Transfer-Encoding":
			request.ContentLength = -1
		case "Connection":
			request.Close = value == "close"
		case "Content-Length":
		default:
			request.Header.Set(name, strings.ReplaceAll(value, "<token>", r.token))
		}
	}
	response, err := r.client.Do(request)
	if err != nil {
		return answer{body: []byte(err.Error())}
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{body: []byte(err.Error())}
	}
	return answer{response.StatusCode, response.Header, got}
}

// compare notes how an answer differs from the recorded one, and takes from it what later requests need.
func (r *replay) compare(line captured, got answer) {
	r.t.Helper()
	if got.status == 0 {
		r.t.Fatalf("%d %s: %s", line.Seq, line.Path, got.body)
	}
	where := callName(line)
	if got.status != *line.Status {
		r.note(difference{"status", where, fmt.Sprint(*line.Status), fmt.Sprint(got.status)})
		return
	}
	for _, name := range []string{"Content-Type", "X-min-acceptBytes"} {
		if recorded, own := headerOf(line.ResponseHeaders, name), got.header.Get(name); recorded != own {
			r.note(difference{"header `" + name + "`", where, orAbsent(recorded), orAbsent(own)})
		}
	}
	var recorded, own any
	if err := errorsOf(json.Unmarshal(line.ResponseBody, &recorded), json.Unmarshal(got.body, &own)); err != nil {
		r.t.Fatalf("%d: %v in %s", line.Seq, err, got.body)
	}
	r.learn(recorded, own)
	own = r.renamed(own)
	compareBodies("", recorded, own, func(path, recorded, own string) {
		r.note(difference{"member `" + path + "`", where, recorded, own})
	})
}

// learn takes the token and the ids of an answer.
func (r *replay) learn(recorded, own any) {
	a, ok := recorded.(map[string]any)
	b, _ := own.(map[string]any)
	if !ok || b == nil {
		return
	}
	if token, ok := b["access_token"].(string); ok {
		r.token = token
	}
	if id, ok := a["endpointId"].(string); ok && id != b["endpointId"] {
		r.names[id], _ = b["endpointId"].(string)
	}
}

// renamed gives a body with the recorded ids in the place of the emulator's.
func (r *replay) renamed(body any) any {
	text, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	renamed := string(text)
	for recorded, own := range r.names {
		renamed = strings.ReplaceAll(renamed, own, recorded)
	}
	var back any
	if err := json.Unmarshal([]byte(renamed), &back); err != nil {
		r.t.Fatal(err)
	}
	return back
}
