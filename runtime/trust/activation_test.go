package trust

import (
	"context"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// activate carries f through an activation.
func activate(t testing.TB, f *File, endpointID string) {
	t.Helper()
	a := begin(t, f)
	defer a.Close()
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	if err := a.Complete(t.Context(), endpointID); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

func begin(t testing.TB, f *File) Activation {
	t.Helper()
	a, err := f.BeginActivation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func TestActivation(t *testing.T) {
	path := newFile(t, testConfig())
	before := readAll(t, path)
	f := open(t, path)

	a := begin(t, f)
	equal(t, "file after Begin", readAll(t, path), before)
	if runtime.GOOS != "windows" {
		equal(t, "files after Begin", names(t, path), []string{"dev.conf"})
	}

	key, err := a.GenerateKey(t.Context(), MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "file after GenerateKey", readAll(t, path), before)
	equal(t, "endpoint id after GenerateKey", f.EndpointID(), "")
	if _, err := f.Signer(); !errors.Is(err, ErrNoKey) {
		t.Errorf("Signer before Complete: %v", err)
	}
	pending := open(t, path+".pending")
	equal(t, "endpoint id in the pending file", pending.EndpointID(), "")
	equal(t, "bits", pending.content.key.bits(), MinKeyBits)
	equal(t, "exponent", pending.content.key.signer.key.E, 65537)
	checkMode(t, path+".pending", 0o600)

	if err := a.Complete(t.Context(), "0-EP"); err != nil {
		t.Fatal(err)
	}
	if err := a.Complete(t.Context(), "0-EP"); err != nil {
		t.Errorf("the same again: %v", err)
	}
	for what, err := range map[string]error{
		"Complete with another id": a.Complete(t.Context(), "other"),
		"Abort":                    a.Abort(),
		"GenerateKey":              second(a.GenerateKey(t.Context(), MinKeyBits)),
	} {
		if !errors.Is(err, ErrActivated) {
			t.Errorf("%s after Complete: %v", what, err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	equal(t, "files at the end", names(t, path), []string{"dev.conf"})

	for name, f := range map[string]*File{"in memory": f, "opened again": open(t, path)} {
		equal(t, name+": endpoint id", f.EndpointID(), "0-EP")
		equal(t, name+": connected devices", f.ConnectedDevices(), []string{"ICD-2", "ICD-1"})
		equal(t, name+": anchors", len(f.TrustAnchors()), 2)
		signer, err := f.Signer()
		if err != nil {
			t.Fatal(err)
		}
		if !signer.(*rsaSigner).key.Equal(key.(*rsaSigner).key) {
			t.Errorf("%s: another key", name)
		}
		if !f.HasSecret("") || !f.HasSecret("ICD-1") {
			t.Errorf("%s: a secret is lost", name)
		}
		if _, err := f.BeginActivation(t.Context()); !errors.Is(err, ErrActivated) {
			t.Errorf("%s: a second activation: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func checkMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want && runtime.GOOS != "windows" {
		t.Errorf("mode of %s is %v, want %v", path, got, want)
	}
}

func TestActivationOfEveryVector(t *testing.T) {
	for _, v := range loadVectors(t).Valid {
		if v.Values.EndpointID != "" {
			continue
		}
		t.Run(v.File, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), v.File)
			if err := os.WriteFile(path, vectorFile(t, v.File), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Open(path, []byte(v.Passphrase))
			if err != nil {
				t.Fatal(err)
			}
			activate(t, quickKeys(f), "0-EP")
			again, err := Open(path, []byte(v.Passphrase))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "form of the passphrase", again.passphrase.bytes, v.form())
			equal(t, "unknown tags", len(again.content.unknown), strings.Count(v.File, "unknown"))
			if err := again.Reset(); err != nil {
				t.Fatal(err)
			}
			equal(t, "values after reset", valuesOf(t, again), v.Values)
			again, err = Open(path, []byte(v.Passphrase))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "values after reset and reading", valuesOf(t, again), v.Values)
		})
	}
}

func TestGenerateKeyRefuses(t *testing.T) {
	path := newFile(t, testConfig())
	a := begin(t, open(t, path))
	for _, bits := range []int{-1, 0, 1024, MinKeyBits - 1, MaxKeyBits + 1, 1 << 30} {
		if _, err := a.GenerateKey(t.Context(), bits); !errors.Is(err, ErrKeySize) {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.GenerateKey(ended, MinKeyBits); !errors.Is(err, context.Canceled) {
		t.Errorf("context ended: %v", err)
	}
	if err := a.Complete(t.Context(), "0-EP"); !errors.Is(err, ErrNoKey) {
		t.Errorf("Complete without a key: %v", err)
	}
	if err := a.Abort(); err != nil {
		t.Errorf("Abort without a key: %v", err)
	}
	equal(t, "files", names(t, path), []string{"dev.conf"})
	if _, err := open(t, path).BeginActivation(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Begin with a context that ended: %v", err)
	}
}

// TestCompleteIgnoresCancellation: the server has accepted; giving up would lose
// the device.
func TestCompleteIgnoresCancellation(t *testing.T) {
	f := open(t, newFile(t, testConfig()))
	a := begin(t, f)
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Complete(ended, "0-EP"); err != nil {
		t.Fatal(err)
	}
	equal(t, "endpoint id", f.EndpointID(), "0-EP")
}

func TestCompleteRefusesIDs(t *testing.T) {
	path := newFile(t, testConfig())
	a := begin(t, open(t, path))
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "a\nb", "\xff", strings.Repeat("x", maxEndpointID+1)} {
		if err := a.Complete(t.Context(), id); !errors.Is(err, ErrEndpointID) {
			t.Errorf("id %.10q: %v", id, err)
		}
	}
	if err := a.Complete(t.Context(), strings.Repeat("x", maxEndpointID)); err != nil {
		t.Errorf("the longest id: %v", err)
	}
}

func TestClose(t *testing.T) {
	path := newFile(t, testConfig())
	f := open(t, path)
	a := begin(t, f)
	key, err := a.GenerateKey(t.Context(), MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.GenerateKey(t.Context(), MinKeyBits)
	if err != nil || again != key {
		t.Errorf("a second GenerateKey: another key, %v", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	for what, err := range map[string]error{
		"GenerateKey": second(a.GenerateKey(t.Context(), MinKeyBits)), "Complete": a.Complete(t.Context(), "x"), "Abort": a.Abort(),
	} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	equal(t, "files", names(t, path), []string{"dev.conf", "dev.conf.pending"})
	equal(t, "endpoint id", open(t, path).EndpointID(), "")
}

// TestKeyOfEarlierAttempt: an answer that was lost may have been an acceptance.
func TestKeyOfEarlierAttempt(t *testing.T) {
	path := newFile(t, testConfig())
	first := begin(t, open(t, path))
	key, err := first.GenerateKey(t.Context(), MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	pending := readAll(t, path+".pending")

	f := open(t, path)
	a := begin(t, f)
	if err := a.Abort(); err != nil {
		t.Errorf("Abort before GenerateKey: %v", err)
	}
	equal(t, "pending file after Abort before GenerateKey", readAll(t, path+".pending"), pending)
	if _, err := a.GenerateKey(t.Context(), MinKeyBits+1024); !errors.Is(err, ErrPendingKey) {
		t.Errorf("a larger key: %v", err)
	}
	again, err := a.GenerateKey(t.Context(), MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	if modulus(again).Cmp(modulus(key)) != 0 {
		t.Error("a new key although the server may know the old one")
	}
	if err := a.Abort(); err != nil {
		t.Errorf("Abort: %v", err)
	}
	equal(t, "pending file after Abort", readAll(t, path+".pending"), pending)
	if err := a.Complete(t.Context(), "x"); !errors.Is(err, ErrNoKey) {
		t.Errorf("Complete after Abort: %v", err)
	}
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	if err := a.Complete(t.Context(), "0-EP"); err != nil {
		t.Fatal(err)
	}
	equal(t, "files", names(t, path), []string{"dev.conf"})
	signer, err := open(t, path).Signer()
	if err != nil || modulus(signer).Cmp(modulus(key)) != 0 {
		t.Errorf("another key in the file, %v", err)
	}
}

func modulus(s any) *big.Int { return s.(*rsaSigner).key.N }

func TestAbortOwnKey(t *testing.T) {
	path := newFile(t, testConfig())
	before := readAll(t, path)
	a := begin(t, open(t, path))
	key, err := a.GenerateKey(t.Context(), MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Abort(); err != nil {
		t.Fatal(err)
	}
	equal(t, "files", names(t, path), []string{"dev.conf"})
	equal(t, "file", readAll(t, path), before)
	fresh, err := a.GenerateKey(t.Context(), MinKeyBits)
	if err != nil || modulus(fresh).Cmp(modulus(key)) == 0 {
		t.Errorf("the refused key again, %v", err)
	}
}

func TestPendingInTheWay(t *testing.T) {
	other := testConfig()
	other.ClientID = "GW-2"
	moved := testConfig()
	moved.ServerURI = "https://elsewhere.example.com"
	encode := func(passphrase string, cfg Config) string {
		data, err := Encode([]byte(passphrase), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, test := range []struct{ name, pending, text string }{
		{"of another client", encode(testPassphrase, other), `belongs to client "GW-2"`},
		{"of another server", encode(testPassphrase, moved), "elsewhere.example.com"},
		{"under another passphrase", encode("other", testConfig()), "wrong passphrase"},
		{"without a key", encode(testPassphrase, testConfig()), "holds no key"},
		{"empty", "", "cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := newFile(t, testConfig())
			if err := os.WriteFile(path+".pending", []byte(test.pending), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := open(t, path).BeginActivation(t.Context())
			if !errors.Is(err, ErrPendingKey) || errors.Is(err, ErrPassphrase) {
				t.Errorf("error %v, want ErrPendingKey alone", err)
			}
			checkError(t, err, test.text)
			checkError(t, err, "iotcs-provision complete; if not, remove "+path+".pending")
			if err := CompletePending(path, []byte(testPassphrase), "0-EP"); !errors.Is(err, ErrPendingKey) {
				t.Errorf("CompletePending: %v", err)
			}
			equal(t, "pending file", readAll(t, path+".pending"), test.pending)
		})
	}
}

// TestPendingRenamedByHand: somebody moved the pending file over the other.
func TestPendingRenamedByHand(t *testing.T) {
	path := newFile(t, testConfig())
	a := begin(t, open(t, path))
	key, err := a.GenerateKey(t.Context(), MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	if err := os.Rename(path+".pending", path); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	equal(t, "endpoint id", f.EndpointID(), "")
	again, err := begin(t, f).GenerateKey(t.Context(), MinKeyBits)
	if err != nil || modulus(again).Cmp(modulus(key)) != 0 {
		t.Errorf("another key, %v", err)
	}
}

func TestFileWithoutRoom(t *testing.T) {
	cfg := testConfig()
	cfg.TrustAnchors, cfg.ConnectedDevices = nil, nil
	for i := range 11 {
		cfg.ConnectedDevices = append(cfg.ConnectedDevices, ConnectedDevice{strings.Repeat("x", i+1), Secret(strings.Repeat("s", 65000-i))})
	}
	data, err := Encode([]byte(testPassphrase), cfg)
	if err != nil {
		t.Fatal(err)
	}
	room := (MaxSize - 6000 - len(data)) * 3 * 76 / (4 * 78) // base64 and its line ends
	cfg.ConnectedDevices = append(cfg.ConnectedDevices, ConnectedDevice{"last", Secret(strings.Repeat("s", room))})
	path := newFile(t, cfg)
	a := begin(t, open(t, path))
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a key that leaves no room for the endpoint id: %v", err)
	}
	equal(t, "files", names(t, path), []string{"dev.conf"})
}

func TestShellWord(t *testing.T) {
	for text, want := range map[string]string{
		"0-EP": "0-EP", "/a/b.conf": "/a/b.conf", "": "''", "a b": "'a b'", "$(rm -rf)": "'$(rm -rf)'", "it's": `'it'\''s'`, "é": "'é'",
	} {
		equal(t, text, shellWord(text), want)
	}
}
