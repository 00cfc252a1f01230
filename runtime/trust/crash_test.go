package trust

import (
	"crypto"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// errDead is what the disk of a dead machine says.
var errDead = errors.New("the machine is dead")

// progress is how far an activation came, and after how many steps of the disk.
type progress struct {
	key       crypto.Signer // GenerateKey returned
	generated int
	done      bool // Complete returned nil
	completed int
}

// run carries f through an activation as far as it goes.
func run(t *testing.T, f *File, steps *int) (p progress) {
	a, err := f.BeginActivation(t.Context())
	if err != nil {
		return p
	}
	defer a.Close()
	if p.key, err = a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		return progress{}
	}
	p.generated = *steps
	for range 2 { // a program may try again
		if p.done = a.Complete(t.Context(), "0-EP") == nil; p.done {
			break
		}
	}
	p.completed = *steps
	return p
}

// TestProcessKilled: the machine does one step less and less of an activation, and
// nothing afterwards, as when the process is killed.
func TestProcessKilled(t *testing.T) {
	interrupt(t, func(step, death int) bool { return step >= death })
}

// TestStepFails: one step fails, the others work.
func TestStepFails(t *testing.T) {
	interrupt(t, func(step, death int) bool { return step == death })
}

func interrupt(t *testing.T, fails func(step, death int) bool) {
	for death := 0; ; death++ {
		path := newFile(t, testConfig())
		f := open(t, path)
		steps := 0
		var at string
		f.disk.before = func(s step) error {
			defer func() { steps++ }()
			if fails(steps, death) {
				if steps == death {
					at = s.op + " " + filepath.Base(s.path)
				}
				return errDead
			}
			return nil
		}
		p := run(t, f, &steps)
		t.Run(fmt.Sprintf("%d %s", death, at), func(t *testing.T) {
			checkSurvivors(t, path, p)
			if p.key != nil && !fails(death+1, death) && !p.done {
				t.Error("Complete failed the second time too")
			}
			recoverDevice(t, path, p)
		})
		if death >= steps {
			if death < 15 {
				t.Errorf("an activation of %d steps: is the disk watched?", death)
			}
			return
		}
	}
}

// checkSurvivors: the file is the old or the new one, and a key that was handed
// out is in it or beside it.
func checkSurvivors(t *testing.T, path string, p progress) {
	t.Helper()
	f := open(t, path)
	if !slices.Equal(f.ConnectedDevices(), []string{"ICD-2", "ICD-1"}) || !f.HasSecret("") || len(f.TrustAnchors()) != 2 {
		t.Error("the file is incomplete")
	}
	switch f.EndpointID() {
	case "":
		if p.done {
			t.Error("Complete returned nil, and the device is not activated")
		}
		if p.key != nil && !open(t, path+".pending").content.key.is(p.key) {
			t.Error("the key that GenerateKey handed out is lost")
		}
	case "0-EP":
		if p.key == nil || !f.content.key.is(p.key) {
			t.Error("the file has another key")
		}
	default:
		t.Errorf("endpoint id %q", f.EndpointID())
	}
}

func (p *keyPair) is(s crypto.Signer) bool {
	return p != nil && p.signer.key.PublicKey.Equal(s.Public())
}

// recoverDevice does what operator and program do after a restart.
func recoverDevice(t *testing.T, path string, p progress) {
	t.Helper()
	if p.key != nil {
		if err := CompletePending(path, []byte(testPassphrase), "0-EP"); err != nil {
			t.Fatal(err)
		}
		if !open(t, path).content.key.is(p.key) {
			t.Error("the file has another key after CompletePending")
		}
	} else {
		activate(t, open(t, path), "0-EP")
	}
	equal(t, "files after recovery", names(t, path), []string{"dev.conf"})
}

// TestResetKilled: the file is the old or the new one, and Reset works afterwards.
func TestResetKilled(t *testing.T) {
	for death := 0; ; death++ {
		path := newFile(t, activatedConfig())
		f := open(t, path)
		steps := 0
		f.disk.before = func(step) error {
			if steps++; steps > death {
				return errDead
			}
			return nil
		}
		err := f.Reset()
		left := open(t, path)
		if err == nil && (left.EndpointID() != "" || f.EndpointID() != "") {
			t.Errorf("%d steps: no error, but endpoint id %q", death, left.EndpointID())
		}
		if left.EndpointID() == "" && left.content.key != nil || left.EndpointID() != "" && !left.content.key.is(testKey()) {
			t.Errorf("%d steps: half a reset", death)
		}
		if err := left.Reset(); err != nil {
			t.Errorf("%d steps: afterwards: %v", death, err)
		}
		equal(t, "files", names(t, path), []string{"dev.conf"})
		if err == nil {
			return
		}
	}
}

// TestPowerFailure: whatever an activation did since the last flush may or may not
// have reached the disk, in any combination. Every state that this can leave is
// made and examined.
func TestPowerFailure(t *testing.T) {
	path := newFile(t, testConfig())
	model := newDiskModel(path, readAll(t, path))
	f := open(t, path)
	var journal []step
	steps := 0
	f.disk.before = func(s step) error {
		journal = append(journal, s)
		steps++
		return nil
	}
	p := run(t, f, &steps)
	if !p.done {
		t.Fatal("the activation failed")
	}
	states := 0
	for n := 0; n <= len(journal); n++ {
		if n > 0 {
			model.apply(journal[n-1])
		}
		reached := p
		if n < p.generated {
			reached = progress{}
		}
		reached.done = n >= p.completed
		for _, state := range model.afterCrash() {
			states++
			examine(t, state, reached, n)
		}
	}
	if states < 40 {
		t.Errorf("only %d states: does the model see the journal?", states)
	}
	t.Logf("%d steps, %d states", len(journal), states)
}

func examine(t *testing.T, state map[string]string, p progress, n int) {
	t.Helper()
	folder := t.TempDir()
	for name, data := range state {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, "dev.conf")
	checkSurvivors(t, path, p)
	if p.key == nil && slices.Contains(slices.Collect(maps.Keys(state)), "dev.conf.pending") {
		open(t, path+".pending") // complete, if it is there at all
		return
	}
	recoverDevice(t, path, p)
	if t.Failed() {
		t.Fatalf("after %d steps, with the files %q", n, slices.Sorted(maps.Keys(state)))
	}
}

// diskModel is a folder whose changes reach the disk only when they are flushed.
type diskModel struct {
	names   map[string]*inode   // as programs see it
	durable map[string]*inode   // as it is on the disk
	ops     []func(modelFolder) // changes of names since the last flush
}

type modelFolder = map[string]*inode

type inode struct {
	data    string
	flushed bool
}

func newDiskModel(path, data string) *diskModel {
	file := &inode{data, true}
	name := filepath.Base(path)
	return &diskModel{names: modelFolder{name: file}, durable: modelFolder{name: file}}
}

func (m *diskModel) apply(s step) {
	name, to := filepath.Base(s.path), filepath.Base(s.to)
	file := m.names[name]
	switch s.op {
	case "create":
		file = &inode{}
		m.change(func(f modelFolder) { f[name] = file })
	case "write":
		file.data, file.flushed = file.data+string(s.data), false
	case "sync":
		file.flushed = true
	case "rename":
		m.change(func(f modelFolder) { delete(f, name); f[to] = file })
	case "remove":
		m.change(func(f modelFolder) { delete(f, name) })
	case "sync folder":
		m.durable, m.ops = maps.Clone(m.names), nil
	default:
		panic("unknown step " + s.op)
	}
}

func (m *diskModel) change(op func(modelFolder)) {
	op(m.names)
	m.ops = append(m.ops, op)
}

// afterCrash returns every folder that a power failure can leave, as names and
// contents: each subset of the unflushed changes, and of unflushed data nothing,
// half, or all.
func (m *diskModel) afterCrash() []map[string]string {
	var states []map[string]string
	seen := map[string]bool{}
	for subset := range 1 << len(m.ops) {
		folder := maps.Clone(m.durable)
		for i, op := range m.ops {
			if subset&(1<<i) != 0 {
				op(folder)
			}
		}
		for _, part := range []float64{0, 0.5, 1} {
			state, text := map[string]string{}, strings.Builder{}
			for _, name := range slices.Sorted(maps.Keys(folder)) {
				file := folder[name]
				data := file.data
				if !file.flushed {
					data = data[:int(part*float64(len(data)))]
				}
				state[name] = data
				fmt.Fprintf(&text, "%q %q\n", name, data)
			}
			if !seen[text.String()] {
				seen[text.String()] = true
				states = append(states, state)
			}
		}
	}
	return states
}

// TestModelSeesUnflushedRename: the model finds the fault that it is made for.
func TestModelSeesUnflushedRename(t *testing.T) {
	m := newDiskModel("/x/a", "old")
	for _, s := range []step{{op: "create", path: "/x/b"}, {op: "write", path: "/x/b", data: []byte("new")}, {op: "rename", path: "/x/b", to: "/x/a"}} {
		m.apply(s)
	}
	var found []string
	for _, state := range m.afterCrash() {
		found = append(found, state["a"])
	}
	slices.Sort(found)
	equal(t, "contents of a", slices.Compact(found), []string{"", "n", "new", "old"})
}
