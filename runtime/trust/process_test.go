package trust

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// roleVariable makes the test binary a device program that activates the file
// named by it and stops where the role says.
const roleVariable = "TRUST_TEST_ROLE"

func TestMain(m *testing.M) {
	if role, path, found := strings.Cut(os.Getenv(roleVariable), " "); found {
		if err := deviceProgram(role, path); err != nil {
			fmt.Println("error", err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func deviceProgram(role, path string) error {
	f, err := Open(path, []byte(testPassphrase))
	if err != nil {
		return err
	}
	a, err := f.BeginActivation(context.Background())
	if err != nil {
		return err
	}
	if role == "key" {
		if _, err := a.GenerateKey(context.Background(), MinKeyBits); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	_, err = io.ReadAll(os.Stdin) // until it is killed
	return err
}

// start runs a device program until it is ready or has failed, and returns its
// line and what kills it.
func start(t *testing.T, role, path string) (line string, kill func()) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), roleVariable+"="+role+" "+path)
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		command.Process.Kill()
		command.Wait()
		stdin.Close()
	}
	t.Cleanup(kill)
	line, err = bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line, kill
}

// TestTwoProcesses: the lock holds between processes and dies with its holder.
func TestTwoProcesses(t *testing.T) {
	path := newFile(t, testConfig())
	line, kill := start(t, "begin", path)
	equal(t, "first process", line, "ready\n")
	if line, _ := start(t, "begin", path); !strings.Contains(line, ErrLocked.Error()) {
		t.Errorf("second process: %s", line)
	}
	f := open(t, path)
	if _, err := f.BeginActivation(t.Context()); !errors.Is(err, ErrLocked) {
		t.Errorf("error %v, want ErrLocked", err)
	}
	kill()
	activate(t, f, "0-EP")
	equal(t, "files", names(t, path), []string{"dev.conf"})
}

// TestProcessDiesWithKey: the key of a killed process is used again.
func TestProcessDiesWithKey(t *testing.T) {
	path := newFile(t, testConfig())
	line, kill := start(t, "key", path)
	equal(t, "process", line, "ready\n")
	pending := open(t, path+".pending")
	kill()
	f := open(t, path)
	equal(t, "endpoint id", f.EndpointID(), "")
	activate(t, f, "0-EP")
	if !f.content.key.same(pending.content.key) {
		t.Error("another key")
	}
}
