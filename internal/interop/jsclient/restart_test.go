package jsclient_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/internal/interop"
)

// program is the emulator as its users run it.
type program struct {
	t        *testing.T
	path     string // of the binary
	data     string // folder of the state
	ready    string // file
	listen   string // address, with the port once it is known
	command  *exec.Cmd
	client   *http.Client
	user     string
	password string
}

// buildEmulator builds the command.
func buildEmulator(t *testing.T) *program {
	t.Helper()
	dir := t.TempDir()
	p := &program{t: t, path: filepath.Join(dir, "iotcs-emulator"), data: filepath.Join(dir, "data"), ready: filepath.Join(dir, "ready.json"), listen: "localhost:0"}
	build := exec.Command("go", "build", "-o", p.path, "github.com/iotcs-go/iotcs/cmd/iotcs-emulator")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return p
}

// start runs the emulator until stop, or until the test ends.
func (p *program) start() {
	p.t.Helper()
	p.command = exec.Command(p.path, "serve", "--listen", p.listen, "--data", p.data, "--ready-file", p.ready, "--no-key-cache", "--seed", filepath.Dir(modelFile(p.t)))
	p.command.Stderr = p.t.Output()
	stdout, err := p.command.StdoutPipe()
	must(p.t, err)
	must(p.t, p.command.Start())
	p.t.Cleanup(p.stop)
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	must(p.t, err)
	var info struct{ URL, CA, User, PasswordFile string }
	must(p.t, json.Unmarshal(line, &info))
	p.listen = strings.TrimPrefix(info.URL, "https://") // the same after a restart
	p.user = info.User
	password, err := os.ReadFile(info.PasswordFile)
	must(p.t, err)
	p.password = strings.TrimSpace(string(password))
	roots := x509.NewCertPool()
	ca, err := os.ReadFile(info.CA)
	must(p.t, err)
	roots.AppendCertsFromPEM(ca)
	p.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
}

// stop ends the emulator as a person does.
func (p *program) stop() {
	if p.command == nil {
		return
	}
	command := p.command
	p.command = nil
	if err := command.Process.Signal(os.Interrupt); err != nil {
		p.t.Errorf("interrupt: %v", err)
	}
	kill := time.AfterFunc(20*time.Second, func() { command.Process.Kill() })
	defer kill.Stop()
	if err := command.Wait(); err != nil {
		p.t.Errorf("the emulator ended with: %v", err)
	}
}

// addDevice has the command register a device and write its file.
func (p *program) addDevice(id string) (conf string) {
	p.t.Helper()
	conf = filepath.Join(p.t.TempDir(), id+".conf")
	add := exec.Command(p.path, "device", "add", "--emulator", p.ready, "--id", id, "--conf", conf)
	add.Env = append(add.Environ(), "IOTCS_PASSPHRASE="+passphrase)
	if out, err := add.CombinedOutput(); err != nil {
		p.t.Fatalf("device add: %v\n%s", err, out)
	}
	return conf
}

// call makes a management call and gives the answer's status and body.
func (p *program) call(ctx context.Context, method, path string, body []byte) (int, []byte) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, "https://"+p.listen+"/iot/api/v2/"+path, bytes.NewReader(body))
	must(p.t, err)
	request.SetBasicAuth(p.user, p.password)
	answer, err := p.client.Do(request)
	must(p.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(p.t, err)
	return answer.StatusCode, text
}

// waitData waits for the DATA message with the value of an attribute.
func (p *program) waitData(endpointID, attribute string, want float64) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	for {
		_, body := p.call(ctx, http.MethodGet, "messages?type=DATA&device="+url.QueryEscape(endpointID), nil)
		var page struct {
			Items []struct{ Payload struct{ Data map[string]any } }
		}
		must(p.t, json.Unmarshal(body, &page))
		for _, item := range page.Items {
			if item.Payload.Data[attribute] == want {
				return
			}
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			p.t.Fatalf("no message with %s %v: %s", attribute, want, body)
		}
	}
}

// write asks the device to take a value, and waits for its answer.
func (p *program) write(endpointID, attribute, body string) (int, string) {
	p.t.Helper()
	path := "devices/" + endpointID + "/deviceModels/" + url.PathEscape(sensorURN) + "/attributes/" + attribute + "?iot.sync&iot.timeout=50000"
	status, text := p.call(p.t.Context(), http.MethodPut, path, []byte(body))
	return status, string(text)
}

// TestRestarts runs the official client against the emulator's command, with a
// file of `iotcs-emulator device add`: over a restart of the emulator, which must
// honour the tokens that it gave before (docs/protocol/transport.md §12), and
// over a restart of the client, which comes back with an empty Authorization.
func TestRestarts(t *testing.T) {
	interop.Require(t, interop.Node, interop.OfficialClient)
	if runtime.GOOS == "windows" {
		t.Skip("no interrupts")
	}
	t.Parallel()
	cloud := buildEmulator(t)
	cloud.start()
	conf := cloud.addDevice("JS-9")
	s := settings{Conf: conf, Passphrase: passphrase, URN: sensorURN}
	p := startPeer(t, s)
	p.wait("activated")
	id := p.wait("ready").EndpointID
	report := func(p *peer, humidity int) {
		t.Helper()
		p.tell("update", map[string]any{"values": map[string]any{"humidity": humidity}})
		cloud.waitData(id, "humidity", float64(humidity))
	}
	report(p, 41)

	cloud.stop()
	cloud.start()
	report(p, 42)
	obeyed := func(p *peer, threshold float64) {
		t.Helper()
		status, body := cloud.write(id, "maxThreshold", `{"value":`+string(mustJSON(t, threshold))+`}`)
		if status != http.StatusOK || body != "OK" {
			t.Errorf("the write was answered %d %s", status, body)
		}
		if e := p.wait("change"); e.Value != threshold {
			t.Errorf("the device saw %+v", e)
		}
		cloud.waitData(id, "maxThreshold", threshold)
	}
	obeyed(p, 71)

	p.stop()
	p = startPeer(t, s)
	if again := p.wait("ready").EndpointID; again != id {
		t.Errorf("the device came back as %s, not as %s", again, id)
	}
	report(p, 43)
	obeyed(p, 72)
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	return text
}
