package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// newTerminal returns both ends of a pseudo-terminal.
func newTerminal(t *testing.T) (operator, terminal *os.File) {
	t.Helper()
	operator, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { operator.Close() })
	fd := int(operator.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Skip(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return operator, terminal
}

func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

func awaitSilence(t *testing.T, terminal *os.File) {
	t.Helper()
	for range 500 {
		if !echoes(t, terminal) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the terminal goes on echoing: a passphrase would be seen")
}

// TestPromptInterrupted: Ctrl-C at the prompt leaves the terminal as it was.
func TestPromptInterrupted(t *testing.T) {
	operator, terminal := newTerminal(t)
	defer operator.WriteString("\n") // lets the reader end
	ctx, cancel := context.WithCancel(t.Context())
	var errs bytes.Buffer
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"list", "x.conf"}, terminal, new(bytes.Buffer), &errs, func(string) string { return "" })
	}()
	awaitSilence(t, terminal)
	cancel()
	if code := <-done; code != exitWrong {
		t.Errorf("exit status %d", code)
	}
	if !echoes(t, terminal) {
		t.Error("the terminal stays mute")
	}
	if !strings.Contains(errs.String(), "context canceled") {
		t.Errorf("stderr %q", errs.String())
	}
}
