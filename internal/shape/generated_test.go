package shape

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestGeneratedIsUpToDate wants `iotcs-gen check` content with the committed
// packages, and discontent with a copy of the house after one changed byte in a
// model.
func TestGeneratedIsUpToDate(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "iotcs-gen")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.Command("go", "build", "-o", program, "./cmd/iotcs-gen")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}

	t.Run("as committed", func(t *testing.T) {
		if code, said := runCheck(t, program, root); code != 0 {
			t.Errorf("iotcs-gen check: exit code %d; run `make generate` and commit the result\n%s", code, said)
		}
	})

	t.Run("after one changed byte", func(t *testing.T) {
		dir := t.TempDir()
		for _, folder := range []string{"models", "generated"} {
			if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range []string{"go.mod", "iotcs-gen.yaml"} {
			content, err := os.ReadFile(filepath.Join(root, file))
			if errors.Is(err, os.ErrNotExist) {
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if code, said := runCheck(t, program, dir); code != 0 {
			t.Fatalf("iotcs-gen check in an unchanged copy: exit code %d\n%s", code, said)
		}
		model := filepath.Join(dir, "models", "dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Ahumidity_sensor.json")
		content, err := os.ReadFile(model)
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Replace(content, []byte(`"0,100"`), []byte(`"0,101"`), 1)
		if bytes.Equal(changed, content) {
			t.Fatal("the model has no range 0,100 to change")
		}
		if err := os.WriteFile(model, changed, 0o644); err != nil {
			t.Fatal(err)
		}
		code, said := runCheck(t, program, dir)
		if code != 1 || !strings.Contains(said, filepath.Join("generated", "humiditysensor", "device.go")) {
			t.Errorf("iotcs-gen check: exit code %d, want 1 and the stale file's name\n%s", code, said)
		}
	})
}

// runCheck runs `iotcs-gen check` in a folder. What it said is its findings; the
// differences that it prints beside them are left to people.
func runCheck(t *testing.T, program, dir string) (code int, said string) {
	t.Helper()
	command := exec.Command(program, "check")
	command.Dir = dir
	var stderr strings.Builder
	command.Stderr = &stderr
	err := command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), stderr.String()
	} else if err != nil {
		t.Fatal(err)
	}
	return 0, stderr.String()
}
