package trust

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// cutOff leaves a file whose activation ended after GenerateKey.
func cutOff(t *testing.T) (path string, key *rsaSigner) {
	t.Helper()
	path = newFile(t, testConfig())
	a := begin(t, open(t, path))
	signer, err := a.GenerateKey(t.Context(), MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return path, signer.(*rsaSigner)
}

func TestCompletePending(t *testing.T) {
	path, key := cutOff(t)
	for range 2 { // again changes nothing
		if err := CompletePending(path, []byte(testPassphrase), "0-EP"); err != nil {
			t.Fatal(err)
		}
		f := open(t, path)
		equal(t, "endpoint id", f.EndpointID(), "0-EP")
		equal(t, "connected devices", f.ConnectedDevices(), []string{"ICD-2", "ICD-1"})
		if !f.content.key.signer.key.Equal(key.key) {
			t.Error("another key")
		}
		equal(t, "files", names(t, path), []string{"dev.conf"})
	}
	if err := CompletePending(path, []byte(testPassphrase), "0-OTHER"); !errors.Is(err, ErrActivated) {
		t.Errorf("another endpoint id: %v", err)
	}
}

func TestCompletePendingErrors(t *testing.T) {
	path := newFile(t, testConfig())
	for _, test := range []struct {
		name, path, passphrase, id string
		want                       error
	}{
		{"nothing pending", path, testPassphrase, "0-EP", ErrNoPending},
		{"wrong passphrase", path, "x", "0-EP", ErrPassphrase},
		{"no id", path, testPassphrase, "", ErrEndpointID},
		{"no file", path + "x", testPassphrase, "0-EP", os.ErrNotExist},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := CompletePending(test.path, []byte(test.passphrase), test.id)
			var fe *FileError
			if !errors.Is(err, test.want) || !errors.As(err, &fe) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

// TestCompletePendingLeftover: the crash came between replacing the file and
// removing the pending one.
func TestCompletePendingLeftover(t *testing.T) {
	path, _ := cutOff(t)
	leftover := readAll(t, path+".pending")
	if err := CompletePending(path, []byte(testPassphrase), "0-EP"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".pending", []byte(leftover), 0o600); err != nil {
		t.Fatal(err)
	}
	before := readAll(t, path)
	if err := CompletePending(path, []byte(testPassphrase), "0-EP"); err != nil {
		t.Fatal(err)
	}
	equal(t, "files", names(t, path), []string{"dev.conf"})
	equal(t, "file", readAll(t, path), before)

	other, _ := cutOff(t)
	if err := os.Rename(other+".pending", path+".pending"); err != nil {
		t.Fatal(err)
	}
	if err := CompletePending(path, []byte(testPassphrase), "0-EP"); !errors.Is(err, ErrPendingKey) {
		t.Errorf("another key lies there: %v", err)
	}
	equal(t, "files with another key", names(t, path), []string{"dev.conf", "dev.conf.pending"})
}

// TestCompleteTellsRemedy: the file system fails at the worst moment.
func TestCompleteTellsRemedy(t *testing.T) {
	path := newFile(t, testConfig())
	f := open(t, path)
	a := begin(t, f)
	key, err := a.GenerateKey(t.Context(), MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	a.(*attempt).claim.disk.before = func(step) error { return syscall.EIO }
	err = a.Complete(t.Context(), "0-E P")
	if !errors.Is(err, syscall.EIO) {
		t.Errorf("error %v, want EIO", err)
	}
	for _, part := range []string{`activated the device as "0-E P"`, ".pending; put right", "iotcs-provision complete --endpoint '0-E P' " + path} {
		checkError(t, err, part)
	}
	equal(t, "endpoint id", f.EndpointID(), "")
	a.(*attempt).claim.disk.before = nil
	if err := a.Complete(t.Context(), "0-E P"); err != nil {
		t.Fatalf("the second try: %v", err)
	}
	again := open(t, path)
	equal(t, "endpoint id", again.EndpointID(), "0-E P")
	if !again.content.key.signer.key.Equal(key.(*rsaSigner).key) {
		t.Error("another key")
	}
}

func TestPendingIsEncrypted(t *testing.T) {
	path, _ := cutOff(t)
	text := readAll(t, path+".pending")
	if !strings.HasPrefix(text, "!") || strings.Contains(text, testSecret) {
		t.Errorf("the pending file is %.40q", text)
	}
	if _, err := Open(path+".pending", []byte("x")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("another passphrase: %v", err)
	}
}

// TestCompletePendingKilled: finishing may be cut off too, anywhere.
func TestCompletePendingKilled(t *testing.T) {
	for death := 0; ; death++ {
		path, key := cutOff(t)
		f := open(t, path)
		steps := 0
		f.disk.before = func(step) error {
			if steps++; steps > death {
				return errDead
			}
			return nil
		}
		f.completePending("0-EP")
		checkSurvivors(t, path, progress{key: key})
		recoverDevice(t, path, progress{key: key})
		if steps <= death {
			return
		}
	}
}
