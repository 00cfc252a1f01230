package device_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// roleVariable makes the test binary a device program.
const roleVariable = "DEVICE_TEST_ROLE"

// longVariable makes tests that kill programs go 200 rounds.
const longVariable = "IOTCS_LONG"

// program is what a killed program is made of; it travels in roleVariable.
type program struct {
	role     string // "sender", "gateway" or "uploader"
	id       string // hardware id
	conf     string
	outbox   string
	policies string // folder
	sync     device.OutboxSync
	round    int
}

// killBatch is the largest number of messages in one call.
const killBatch = 50

// newProgram makes a device of the cloud the one that a program is.
func newProgram(t *testing.T, role string, known *emulatortest.Device, mode device.OutboxSync) program {
	return program{role: role, id: known.HardwareID, conf: known.Path, outbox: t.TempDir(), policies: t.TempDir(), sync: mode}
}

func (p program) passphrase() string { return "passphrase of " + p.id }

func (p program) String() string {
	return fmt.Sprintf("%s %s %s %s %s %d %d", p.role, p.id, p.conf, p.outbox, p.policies, p.sync, p.round)
}

// runProgram is the life of the other process. It ends by being killed.
func runProgram(role string) error {
	var p program
	if _, err := fmt.Sscan(role, &p.role, &p.id, &p.conf, &p.outbox, &p.policies, &p.sync, &p.round); err != nil {
		return err
	}
	switch p.role {
	case "gateway":
		return p.runGateway()
	case "uploader":
		return p.runUploader()
	}
	return p.runSender()
}

func (p program) options() []device.Option {
	return []device.Option{
		device.WithOutbox(p.outbox), device.WithOutboxSync(p.sync), device.WithPolicyStore(p.policies),
		device.WithMaxMessagesPerPost(killBatch), device.WithProxy(noProxy),
	}
}

// said writes a line at once: it is in the pipe when the process dies.
func said(what, text string) { os.Stdout.WriteString(what + " " + text + "\n") }

// sender sends texts, each named by who sent it and when: "try" comes before the
// call, "done" when the call has returned nil.
type sender struct {
	program
	name string
	n    int
}

func (s *sender) send(call func(text string) error) error {
	s.n++
	text := fmt.Sprintf("%d.%s.%d", s.round, s.name, s.n)
	said("try", text)
	if err := call(text); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	said("done", text)
	return nil
}

// forever runs senders beside each other until one fails.
func (p program) forever(senders map[string]func(text string) error) error {
	failed := make(chan error, len(senders))
	for name, call := range senders {
		go func() {
			s := sender{program: p, name: name}
			for {
				if err := s.send(call); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

// runSender sends in every way that a device has, in three priorities.
func (p program) runSender() error {
	d, err := device.Open(context.Background(), p.conf, p.passphrase(), p.options()...)
	if err != nil {
		return err
	}
	b, err := device.Bind(d, d.EndpointID(), &plant)
	if err != nil {
		return err
	}
	said("open", "")
	return p.forever(map[string]func(string) error{
		"set": func(text string) error { return b.SetString(attrMode, text) },
		"update": func(text string) error {
			return begin(b, device.WithPriority(device.PriorityHigh), device.WithReliability(device.GuaranteedDelivery)).Mode(text).Speed(1).Send()
		},
		"alert": func(text string) error { return raise(b, text, device.SeverityNormal) },
		"queue": func(text string) error {
			return d.Queue(device.DataMessage(plantURN+":attributes", wire.Item{Name: "mode", Value: wire.StringValue(text)}))
		},
	})
}

func raise(b device.Binding, text string, severity device.Severity) error {
	alert := new(device.Fields)
	alert.Begin(b, formatHot)
	alert.Number(1, 81)
	alert.String(0, text)
	return alert.Severity(severity).Raise(nil)
}

// runGateway sends what policies hold back for two devices behind it.
func (p program) runGateway() error {
	g, err := device.OpenGateway(context.Background(), p.conf, p.passphrase(), p.options()...)
	if err != nil {
		return err
	}
	calls := make(map[string]func(string) error)
	for _, id := range []string{"S-1", "S-2"} {
		endpoint, err := g.RegisterDevice(context.Background(), device.Registration{HardwareID: id, Models: []string{plantURN}})
		if err != nil {
			return err
		}
		b, err := device.Bind(g, endpoint, &plant)
		if err != nil {
			return err
		}
		calls[id] = func(text string) error {
			if rand.IntN(40) == 0 { // takes what is held along
				return raise(b, text, device.SeverityCritical)
			}
			return b.SetString(attrMode, text)
		}
	}
	said("open", "")
	return p.forever(calls)
}

// killed is what programs said before they died, in the order in which it
// happened: an event is named by its number.
type killed struct {
	events int
	tried  map[string]int
	done   map[string]int
	cut    map[string]int // calls that did not end: when the program died

	came []arrival
	last uint64 // number of the last message of the server that is in came
	sent int    // messages in came that had been promised when they were collected
}

func newKilled() *killed {
	return &killed{tried: map[string]int{}, done: map[string]int{}, cut: map[string]int{}}
}

// round runs a program, kills it at a random point and takes down what it said.
func (k *killed) round(t *testing.T, p program) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), roleVariable+"="+p.String())
	stdout, err := command.StdoutPipe()
	must(t, err)
	command.Stderr = os.Stderr
	must(t, command.Start())
	kill := sync.OnceFunc(func() { command.Process.Kill() })
	defer kill()
	if p.round%5 == 4 { // perhaps before it is open
		time.AfterFunc(time.Duration(rand.IntN(400))*time.Millisecond, kill)
	}
	k.listen(t, stdout, func() { time.AfterFunc(time.Duration(rand.IntN(150_000))*time.Microsecond, kill) })
	if err := command.Wait(); err == nil {
		t.Fatal("the program ended by itself")
	}
}

func (k *killed) listen(t *testing.T, from io.Reader, opened func()) {
	t.Helper()
	under := map[string]bool{}
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		k.events++
		switch what, text, _ := strings.Cut(lines.Text(), " "); what {
		case "open":
			opened()
		case "try":
			k.tried[text], under[text] = k.events, true
		case "done":
			k.done[text] = k.events
			delete(under, text)
		default:
			t.Fatalf("the program says %q", lines.Text())
		}
	}
	k.events++
	for text := range under {
		k.cut[text] = k.events
	}
}

// arrival is a message as the server has it, in the order of arrival.
type arrival struct {
	text string
	lane string // in which order is kept
}

// collect takes down what has arrived since the last call.
func (k *killed) collect(t *testing.T, cloud *emulatortest.Server) {
	t.Helper()
	messages, _, err := cloud.Emulator().Messages(k.last)
	must(t, err)
	for _, m := range messages {
		k.last = m.Seq
		for _, name := range []string{"mode", "note"} {
			if v, ok := emulatortest.Value(&m, name); ok {
				k.came = append(k.came, arrival{v.Text(), m.Source + m.Priority.String()})
				if k.done[v.Text()] != 0 {
					k.sent++
				}
			}
		}
	}
}

// judge compares what was promised with what arrived. A message is reordered if
// one arrived before it, of its priority, whose call began when its own had ended.
func (k *killed) judge(t *testing.T, cloud *emulatortest.Server, rounds int) {
	t.Helper()
	k.collect(t, cloud)
	there := make(map[string]bool, len(k.came))
	for _, a := range k.came {
		if k.tried[a.text] == 0 || there[a.text] {
			t.Errorf("message %q was not sent, or is stored twice", a.text)
		}
		there[a.text] = true
	}
	lost := 0
	for text := range k.done {
		if !there[text] {
			t.Errorf("message %s was promised and is lost", text)
			lost++
		}
	}
	reordered := 0
	earliest := make(map[string]int) // by lane: end of a call whose message came later
	for _, a := range slices.Backward(k.came) {
		if end := earliest[a.lane]; end != 0 && end < k.tried[a.text] {
			t.Errorf("message %s overtook one that was accepted before its call began", a.text)
			reordered++
		}
		end := k.done[a.text]
		if end == 0 {
			end = k.cut[a.text]
		}
		if earliest[a.lane] == 0 || end < earliest[a.lane] {
			earliest[a.lane] = end
		}
	}
	duplicates := cloud.Duplicates()
	t.Logf("rounds=%d promised=%d lost=%d reordered=%d duplicates=%d", rounds, len(k.done), lost, reordered, duplicates)
	if len(k.done) < 2*rounds {
		t.Errorf("only %d messages were promised", len(k.done))
	}
	if most := killBatch * rounds; duplicates > most {
		t.Errorf("%d duplicates are more than the %d of the calls that were cut", duplicates, most)
	}
}

func killRounds() int {
	if os.Getenv(longVariable) != "" {
		return 200
	}
	return 20
}

// killCloud is an emulator on a port that keeps everything.
func killCloud(t *testing.T) *emulatortest.Server {
	t.Helper()
	cloud := emulatortest.New(t, emulatortest.Emulator(emulator.WithHistory(10_000_000, 8<<30)))
	cloud.AddModel(string(plantJSON(t)))
	return cloud
}

// drain sends what the killed programs have left.
func (p program) drain(t *testing.T) {
	t.Helper()
	d, err := device.Open(t.Context(), p.conf, p.passphrase(), p.options()...)
	must(t, err)
	must(t, d.Flush(t.Context()))
	must(t, d.Close(t.Context()))
}

// TestKill kills a sending device program at random points, over and over with the
// same outbox, and compares what its calls promised with what the server has.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, mode := range []device.OutboxSync{device.SyncGroup, device.SyncOff} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			cloud := killCloud(t)
			known := cloud.AddDevice("PLANT-1", emulatortest.Activated(plantURN))
			p := newProgram(t, "sender", known, mode)
			k := newKilled()
			for p.round = range killRounds() {
				k.round(t, p)
			}
			p.drain(t)
			k.judge(t, cloud, killRounds())
		})
	}
}

// TestKillHoldingABatch kills a gateway whose policy holds messages back, in either
// mode: what it held is sent by the next one.
func TestKillHoldingABatch(t *testing.T) {
	t.Parallel()
	for _, mode := range []device.OutboxSync{device.SyncGroup, device.SyncOff} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			cloud := killCloud(t)
			known := cloud.AddDevice("GATEWAY-1", emulatortest.Activated(plantURN), emulatortest.Gateway())
			p := newProgram(t, "gateway", known, mode)
			p.learn(t, cloud)
			k := newKilled()
			held := 0
			for p.round = range killRounds() {
				k.round(t, p)
				k.collect(t, cloud)
				held += len(k.done) - k.sent
			}
			p.drain(t)
			k.judge(t, cloud, killRounds())
			if held < killRounds() { // a batch has 30
				t.Errorf("only %d messages were not sent yet when a program was killed", held)
			}
		})
	}
}

// learn gives the devices behind the gateway a policy that batches, and lets the
// gateway keep it.
func (p program) learn(t *testing.T, cloud *emulatortest.Server) {
	t.Helper()
	g, err := device.OpenGateway(t.Context(), p.conf, p.passphrase(), append(p.options(), device.RequirePolicy())...)
	must(t, err)
	id := cloud.AddPolicy(plantURN, `{"pipelines":[{"attributeName":"*","pipeline":[{"id":"batchBySize","parameters":{"batchSize":30}}]}]}`)
	for _, behind := range []string{"S-1", "S-2"} {
		endpoint, err := g.RegisterDevice(t.Context(), device.Registration{HardwareID: behind, Models: []string{plantURN}})
		must(t, err)
		cloud.AssignPolicy(id, endpoint)
		b, err := device.Bind(g, endpoint, &plant)
		must(t, err)
		must(t, b.OfferInteger(attrSpeed, 1))
		for {
			if _, known := b.Integer(attrSpeed); known {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	must(t, g.Close(t.Context()))
}
