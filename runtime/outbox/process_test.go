package outbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// roleVariable makes the test binary a device program.
const roleVariable = "OUTBOX_TEST_ROLE"

// longVariable makes tests that kill programs go 200 rounds.
const longVariable = "IOTCS_LONG"

func TestMain(m *testing.M) {
	if role := strings.Fields(os.Getenv(roleVariable)); len(role) > 0 {
		if err := program(role[0], role[1:]); err != nil {
			fmt.Println("error", err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func program(role string, args []string) error {
	switch role {
	case "hold":
		return hold(args[0])
	case "work":
		return work(args[0], args[1])
	case "limit":
		return fillLimited(args[0])
	}
	return errors.New("no such role")
}

// start runs a device program and returns what it says, line by line.
func start(t *testing.T, role ...string) (said *bufio.Scanner, kill func()) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), roleVariable+"="+strings.Join(role, " "))
	stdin, err := command.StdinPipe()
	must(t, err)
	stdout, err := command.StdoutPipe()
	must(t, err)
	command.Stderr = os.Stderr
	must(t, command.Start())
	kill = sync.OnceFunc(func() {
		command.Process.Kill()
		stdin.Close()
	})
	t.Cleanup(func() {
		kill()
		command.Wait()
	})
	return bufio.NewScanner(stdout), kill
}

func line(t *testing.T, said *bufio.Scanner) string {
	t.Helper()
	if !said.Scan() {
		t.Fatalf("the program said nothing: %v", said.Err())
	}
	return said.Text()
}

// hold has an outbox open until it is killed.
func hold(folder string) error {
	if _, err := outbox.Open(folder, outbox.Options{}); err != nil {
		return err
	}
	fmt.Println("open")
	_, err := io.ReadAll(os.Stdin)
	return err
}

func TestTwoProcesses(t *testing.T) {
	folder := t.TempDir()
	first, kill := start(t, "hold", folder)
	if said := line(t, first); said != "open" {
		t.Fatal(said)
	}
	second, _ := start(t, "hold", folder)
	if said := line(t, second); !strings.Contains(said, outbox.ErrLocked.Error()) {
		t.Errorf("the second process says %q", said)
	}
	if _, err := outbox.Open(folder, outbox.Options{}); !errors.Is(err, outbox.ErrLocked) {
		t.Errorf("error %v", err)
	}
	kill()
	for first.Scan() {
	}
	var l *outbox.Log
	var err error
	for range 100 { // the lock goes when the system has buried the process
		if l, err = outbox.Open(folder, outbox.Options{}); !errors.Is(err, outbox.ErrLocked) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	must(t, err)
	if _, err := outbox.Open(folder, outbox.Options{}); !errors.Is(err, outbox.ErrLocked) {
		t.Errorf("a second time in one process: %v", err)
	}
	must(t, l.Close())
	if _, err := os.Stat(folder + "/lock"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock file is left: %v", err)
	}
}

// work is a device that puts messages from several goroutines and sends what
// waits, saying every promise and every step aloud, until it is killed.
func work(folder, mode string) error {
	options := outbox.Options{SegmentSize: 64 << 10}
	if mode == outbox.Off.String() {
		options.Sync = outbox.Off
	}
	l, err := outbox.Open(folder, options)
	if err != nil {
		return err
	}
	var order sync.Mutex
	next := l.Last()
	fmt.Println("last", next)
	fail := make(chan error)
	for range 4 {
		go func() {
			for {
				order.Lock()
				var ms []outbox.Message
				for range 1 + rand.IntN(3) {
					next++
					ms = append(ms, padded(next, wire.Priority(rand.IntN(2)), wire.Reliability(1+rand.IntN(2))))
				}
				c, err := l.Put(ms)
				order.Unlock()
				if err == nil {
					err = c.Wait(context.Background())
				}
				if err != nil {
					fail <- err
					return
				}
				say("put", numbers(ms))
			}
		}()
	}
	go send(l, fail)
	return <-fail
}

// send takes what waits and removes most of it, as if a server had taken it.
func send(l *outbox.Log, fail chan error) {
	for {
		for p := wire.Low; ; p-- {
			var taken []outbox.Message
			_, err := l.Take(p, outbox.None, outbox.Limit{Messages: 1 + rand.IntN(20), Bytes: 1 << 20}, func(m *outbox.Message) {
				taken = append(taken, outbox.Message{Sequence: m.Sequence})
			})
			if err != nil {
				fail <- err
				return
			}
			if len(taken) > 0 && rand.IntN(3) == 0 {
				l.Return(sequences(taken), true)
				taken = nil
			}
			if len(taken) > 0 {
				say("sent", numbers(taken))
				if err := l.Remove(sequences(taken)); err != nil {
					fail <- err
					return
				}
				say("removed", numbers(taken))
			}
			if p == wire.Lowest {
				break
			}
		}
		time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
	}
}

// say writes a line at once: what was said is in the pipe when the process dies.
func say(what, list string) { os.Stdout.WriteString(what + " " + list + "\n") }

func sequences(ms []outbox.Message) (list []uint64) {
	for i := range ms {
		list = append(list, ms[i].Sequence)
	}
	return list
}

func numbers(ms []outbox.Message) string {
	return strings.Trim(fmt.Sprint(sequences(ms)), "[]")
}

// told is what a program said before it died.
type told struct {
	put, sent, removed map[uint64]bool
}

func listen(t *testing.T, said *bufio.Scanner, into *told) {
	t.Helper()
	for said.Scan() {
		words := strings.Fields(said.Text())
		set := map[string]map[uint64]bool{"put": into.put, "sent": into.sent, "removed": into.removed}[words[0]]
		if set == nil {
			t.Fatalf("the program says %q", said.Text())
		}
		for _, word := range words[1:] {
			n, err := strconv.ParseUint(word, 10, 64)
			must(t, err)
			set[n] = true
		}
	}
}

// TestKill kills a device program at random points and looks at what its outbox
// holds: everything that was promised and not sent, in order, nothing that was
// removed.
func TestKill(t *testing.T) {
	rounds := 20
	if os.Getenv(longVariable) != "" {
		rounds = 200
	}
	for _, mode := range []outbox.Sync{outbox.Group, outbox.Off} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			kept := told{put: map[uint64]bool{}, sent: map[uint64]bool{}, removed: map[uint64]bool{}}
			again, lost := 0, 0
			for range rounds {
				said, kill := start(t, "work", folder, mode.String())
				first := line(t, said)
				last, err := strconv.ParseUint(strings.TrimPrefix(first, "last "), 10, 64)
				if err != nil {
					t.Fatal(first)
				}
				for n := range kept.put {
					if n > last {
						t.Errorf("numbers go on after %d, but %d was given before", last, n)
					}
				}
				time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, kill)
				listen(t, said, &kept)
				lost += checkKilled(t, folder, &kept, &again)
			}
			t.Logf("rounds=%d put=%d lost=%d duplicates=%d", rounds, len(kept.put), lost, again)
		})
	}
}

// checkKilled opens the outbox of a killed program. What is there was looked at
// in order by takeAll.
func checkKilled(t *testing.T, folder string, kept *told, again *int) (lost int) {
	t.Helper()
	var l *outbox.Log
	var err error
	for range 500 {
		if l, err = outbox.Open(folder, outbox.Options{SegmentSize: 64 << 10}); !errors.Is(err, outbox.ErrLocked) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	must(t, err)
	defer func() { must(t, l.Close()) }()
	if r := l.Recovered(); r.Damaged > 0 {
		t.Errorf("a killed process left damage: %+v", r)
	}
	there := takeAll(t, l)
	for n := range kept.put {
		if !there[n] && !kept.sent[n] {
			t.Errorf("message %d was promised and is lost", n)
			lost++
		}
	}
	for n := range there {
		if kept.removed[n] {
			t.Errorf("message %d was removed and is back", n)
		}
		if kept.sent[n] {
			*again++
		}
	}
	return lost
}
