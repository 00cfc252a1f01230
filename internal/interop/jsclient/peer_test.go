package jsclient_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// settings are what testdata/device.js is told, or testdata/gateway.js if there
// are devices behind it.
type settings struct {
	Conf               string   `json:"conf"`
	Passphrase         string   `json:"passphrase"`
	URN                string   `json:"urn"`
	DisableLongPolling bool     `json:"disableLongPolling"`
	Clock              int64    `json:"clock"` // how many ms its clock is ahead
	Behind             []behind `json:"behind,omitempty"`
	Folder             string   `json:"folder,omitempty"`      // for storage objects that come
	StorageHost        string   `json:"storageHost,omitempty"` // marks their URIs

	anchors string // file with certificates that its connections to the object store trust
}

// behind is a device that the gateway registers.
type behind struct {
	HardwareID string            `json:"hardwareId"`
	Restricted bool              `json:"restricted"`
	Metadata   map[string]string `json:"metadata"`
}

func (s *settings) script() string {
	if len(s.Behind) > 0 {
		return "gateway.js"
	}
	return "device.js"
}

// event is what the official client's device says.
type event struct {
	Event      string
	EndpointID string
	HardwareID string
	Attributes []string
	Attribute  string
	Value      any
	Action     string
	Arguments  map[string]any
	Text       string

	Name, URI, Type, State string // of a storage object
	Length                 int64
}

// peer is a device of the official client in a process of its own.
type peer struct {
	t       *testing.T
	command *exec.Cmd
	stdin   io.WriteCloser
	ended   chan struct{}

	mu     sync.Mutex
	events []event       // not waited for yet
	more   chan struct{} // closed at the next event
	output bytes.Buffer  // everything, for failures
}

// patience is how long the client may take for anything: its key takes it
// seconds, its sending cycle three more.
const patience = 2 * time.Minute

// startPeer starts a device of the official client; it ends with the test.
func startPeer(t *testing.T, s settings) *peer {
	t.Helper()
	told, err := json.Marshal(s)
	must(t, err)
	p := &peer{t: t, ended: make(chan struct{}), more: make(chan struct{})}
	p.command = node(t, context.Background(), s.script(), told)
	if s.anchors != "" {
		p.command.Env = append(p.command.Env, "NODE_EXTRA_CA_CERTS="+s.anchors)
	}
	p.stdin, err = p.command.StdinPipe()
	must(t, err)
	stdout, err := p.command.StdoutPipe()
	must(t, err)
	p.command.Stderr = lockedWriter{p}
	must(t, p.command.Start())
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			p.note(lines.Bytes())
		}
		p.command.Wait() // killed or not, it has ended
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("the official client said:\n%s", p.output.String())
		}
	})
	return p
}

// stop ends the device in order, or else by force.
func (p *peer) stop() {
	p.stdin.Close()
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		p.t.Error("the official client does not end")
		p.command.Process.Kill()
		<-p.ended
	}
}

// lockedWriter collects what the client writes to standard error.
type lockedWriter struct{ p *peer }

// Write implements [io.Writer].
func (w lockedWriter) Write(b []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.p.output.Write(b)
}

// note takes a line of output: an event, or what the client prints.
func (p *peer) note(line []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.output.Write(append(line, '\n'))
	var e event
	if !strings.HasPrefix(string(line), `{"event"`) || json.Unmarshal(line, &e) != nil {
		return
	}
	p.events = append(p.events, e)
	close(p.more)
	p.more = make(chan struct{})
}

// wait returns the next event of the given name; errors of the client fail the
// test unless they are what it waits for.
func (p *peer) wait(name string) event {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		e, more := p.take(name)
		if e.Event == "error" && name != "error" {
			p.t.Fatalf("while waiting for %q the official client failed: %s", name, e.Text)
		}
		if e.Event != "" {
			return e
		}
		select {
		case <-more:
		case <-p.ended:
			p.t.Fatalf("while waiting for %q the official client ended", name)
		case <-deadline:
			p.t.Fatalf("no %q from the official client within %v", name, patience)
		}
	}
}

// take removes the first event of the name, or the first error.
func (p *peer) take(name string) (event, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, e := range p.events {
		if e.Event == name || e.Event == "error" {
			p.events = append(p.events[:i], p.events[i+1:]...)
			return e, nil
		}
	}
	return event{}, p.more
}

// tell gives the device a command.
func (p *peer) tell(command string, details map[string]any) {
	p.t.Helper()
	details["do"] = command
	line, err := json.Marshal(details)
	must(p.t, err)
	_, err = p.stdin.Write(append(line, '\n'))
	must(p.t, err)
}
