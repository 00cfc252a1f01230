package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// fillLimited puts messages under a limit of the file size until the system
// refuses, and goes on in smaller ones.
func fillLimited(folder string) error {
	signal.Ignore(syscall.SIGXFSZ)
	limit := &syscall.Rlimit{Cur: 20_000, Max: 20_000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, limit); err != nil {
		return err
	}
	l, err := outbox.Open(folder, outbox.Options{})
	if err != nil {
		return err
	}
	stored, refused := 0, 0
	for n := uint64(1); n <= 40; n++ {
		m := outboxtest.Message(n, wire.Low, wire.BestEffort)
		m.JSON = append(m.JSON, strings.Repeat("x", 1000)...)
		c, err := l.Put([]outbox.Message{m})
		if err != nil {
			return err
		}
		switch err := c.Wait(context.Background()); {
		case err == nil:
			stored++
		case errors.Is(err, outbox.ErrDiskFull):
			refused++
		default:
			return err
		}
	}
	fmt.Println("stored", stored, "refused", refused)
	return l.Close()
}

// TestFullDiskOfTheSystem: the system's own refusal is ErrDiskFull, and what was
// stored before is whole.
func TestFullDiskOfTheSystem(t *testing.T) {
	folder := t.TempDir()
	said, _ := start(t, "limit", folder)
	var stored, refused int
	answer := line(t, said)
	if _, err := fmt.Sscanf(answer, "stored %d refused %d", &stored, &refused); err != nil {
		t.Fatal(answer)
	}
	for said.Scan() {
		t.Error(said.Text())
	}
	l, err := outbox.Open(folder, outbox.Options{})
	must(t, err)
	defer l.Close()
	if n := l.Stats().Messages; n != stored || stored < 10 || refused < 10 || stored+refused != 40 {
		t.Errorf("%d stored, %d refused, %d there", stored, refused, n)
	}
	if r := l.Recovered(); r.Damaged > 0 || r.CutBytes > 0 {
		t.Errorf("%+v", r)
	}
}
