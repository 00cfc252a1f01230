package secrets

import (
	"bytes"
	"context"
	"fmt"
	"os"
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

// TestPromptIsSilent: the passphrase is typed after the echo is off.
func TestPromptIsSilent(t *testing.T) {
	operator, terminal := newTerminal(t)
	done := make(chan string)
	go func() {
		line, err := prompt(context.Background(), terminal, new(bytes.Buffer), "Passphrase: ", "passphrase")
		done <- fmt.Sprint(string(line), err)
	}()
	awaitSilence(t, terminal)
	if _, err := operator.WriteString("pass word\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got != "pass word<nil>" {
		t.Errorf("got %q", got)
	}
	if !echoes(t, terminal) {
		t.Error("the terminal stays mute")
	}
}
