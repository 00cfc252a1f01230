package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// Roles of workers.
const (
	roleCloud    = "cloud"
	roleSender   = "sender"
	roleVirtuals = "virtuals"
	roleStore    = "store"
)

// work does what a worker does in its role.
func work(ctx context.Context, role string, settings json.RawMessage, t *talk) error {
	switch role {
	case roleCloud:
		return as(ctx, settings, t, serveCloud)
	case roleSender:
		return as(ctx, settings, t, sendMessages)
	case roleVirtuals:
		return as(ctx, settings, t, makeVirtuals)
	case roleStore:
		return as(ctx, settings, t, useStore)
	}
	return errors.New("there is no such role")
}

func as[S any](ctx context.Context, settings json.RawMessage, t *talk, role func(context.Context, S, *talk) error) error {
	var s S
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	return role(ctx, s, t)
}

// sending is what one round of sending spent, on both ends.
type sending struct {
	spent
	Cloud    time.Duration // processor time of the emulator
	Messages int
}

// results are those of all rounds.
type results struct {
	stores   []storeResult
	own      []sending
	stored   []sending // with an outbox
	unsynced []sending // with an outbox that does not flush
	peer     []sending
	virtuals []virtualsResult
}

// run measures everything and prints the table. What cannot be measured is
// reported in err, in the table, and by complete.
func run(ctx context.Context, c config, stdout, stderr io.Writer) (measured bool, err error) {
	folder, err := os.MkdirTemp("", "figures-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	m := &measurement{config: c, folder: folder, stderr: &shared{w: stderr}}
	fmt.Fprintf(stdout, "%s, %s/%s, %d processors, load %s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load())
	err = m.all(ctx)
	figures := tabulate(c, &m.results)
	if err := printTable(stdout, figures); err != nil {
		return false, err
	}
	fmt.Fprintf(stdout, "load at the end %s\n", load())
	return complete(figures), err
}

// measurement is one run of the program.
type measurement struct {
	config  config
	folder  string
	stderr  *shared
	cloud   *worker
	files   map[string]string // provisioning files by device
	results results
}

// all measures everything: one failure does not keep the others from being
// measured.
func (m *measurement) all(ctx context.Context) (err error) {
	for range m.config.Rounds {
		err = errors.Join(err, m.store(ctx))
	}
	model, absErr := filepath.Abs(m.config.Model)
	if absErr != nil {
		return errors.Join(err, absErr)
	}
	var ready cloudReady
	cloud, cloudErr := m.hire(ctx, roleCloud, cloudSettings{m.folder, model}, &ready)
	if cloudErr != nil {
		return errors.Join(err, cloudErr)
	}
	m.cloud, m.files = cloud, ready.Files
	defer func() { err = errors.Join(err, m.cloud.dismiss()) }()
	for range m.config.Rounds {
		for _, way := range m.ways() {
			err = errors.Join(err, m.send(ctx, way))
		}
		if m.config.Peer {
			err = errors.Join(err, m.sendAsPeer(ctx))
		}
	}
	return errors.Join(err, m.virtuals(ctx))
}

func (m *measurement) hire(ctx context.Context, role string, settings, ready any) (*worker, error) {
	command, err := copyOf(ctx, role, profileOf(m.config.Profiles, role), settings)
	if err != nil {
		return nil, err
	}
	return hire(role, command, m.stderr, ready)
}

// store measures the outbox once.
func (m *measurement) store(ctx context.Context) error {
	folder, err := os.MkdirTemp(m.folder, "store-")
	if err != nil {
		return err
	}
	var result storeResult
	w, err := m.hire(ctx, roleStore, storeSettings{folder, m.config.Puts, m.config.Messages}, &result)
	if err != nil {
		return err
	}
	m.results.stores = append(m.results.stores, result)
	return errors.Join(w.dismiss(), os.RemoveAll(folder))
}

// way is a way in which the device keeps its messages.
type way struct {
	name             string
	stored, unsynced bool
	results          *[]sending
}

func (m *measurement) ways() []way {
	return []way{
		{name: roleSender, results: &m.results.own},
		{name: roleSender + "-stored", stored: true, results: &m.results.stored},
		{name: roleSender + "-unsynced", stored: true, unsynced: true, results: &m.results.unsynced},
	}
}

// send measures the device once.
func (m *measurement) send(ctx context.Context, w way) (err error) {
	settings := senderSettings{File: m.files[ownDevice], Messages: m.config.Messages, Unsynced: w.unsynced}
	if w.stored {
		if settings.Outbox, err = os.MkdirTemp(m.folder, "outbox-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(settings.Outbox)) }()
	}
	command, err := copyOf(ctx, roleSender, profileOf(m.config.Profiles, w.name), settings)
	if err != nil {
		return err
	}
	result, err := m.sendAs(w.name, command, m.config.Messages)
	if err != nil {
		return err
	}
	*w.results = append(*w.results, result)
	return nil
}

// sendAsPeer measures the official client once.
func (m *measurement) sendAsPeer(ctx context.Context) error {
	folder, err := os.MkdirTemp(m.folder, "peer-")
	if err != nil {
		return err
	}
	command, err := peerCommand(ctx, folder, m.files[peerDevice], m.config.PeerMessages)
	if err != nil {
		return err
	}
	result, err := m.sendAs("the official client", command, m.config.PeerMessages)
	if err != nil {
		return err
	}
	m.results.peer = append(m.results.peer, result)
	return nil
}

// sendAs has a worker send n messages and checks that each of them arrived once
// and fits the device model.
func (m *measurement) sendAs(name string, command *exec.Cmd, n int) (result sending, err error) {
	var none struct{}
	w, err := hire(name, command, m.stderr, &none)
	if err != nil {
		return sending{}, err
	}
	defer func() { err = errors.Join(err, w.dismiss()) }()
	var before, after cloudCount
	if err := m.cloud.ask("count", &before); err != nil {
		return sending{}, err
	}
	start := time.Now()
	if err := w.ask("send", &result.spent); err != nil {
		return sending{}, err
	}
	if told := time.Since(start); result.Wall > told {
		return sending{}, fmt.Errorf("%s says that sending took %v, but it took %v", name, result.Wall, told)
	}
	if err := m.cloud.ask("count", &after); err != nil {
		return sending{}, err
	}
	if arrived := after.Messages - before.Messages; arrived != uint64(n) || after.Duplicates != before.Duplicates || after.Violating != 0 {
		return sending{}, fmt.Errorf("%s sent %d messages, %d arrived, %d of them twice; %d messages ever broke the device model",
			name, n, arrived, after.Duplicates-before.Duplicates, after.Violating)
	}
	result.Cloud, result.Messages = after.CPU-before.CPU, n
	return result, nil
}

// virtuals measures the virtual devices, once: what they need is the same every
// time.
func (m *measurement) virtuals(ctx context.Context) error {
	var result virtualsResult
	w, err := m.hire(ctx, roleVirtuals, virtualsSettings{m.files[gateway], m.config.Virtuals}, &result)
	if err != nil {
		return err
	}
	m.results.virtuals = append(m.results.virtuals, result)
	return w.dismiss()
}
