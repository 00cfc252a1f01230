package trust

import (
	"errors"
	"os"
	"testing"
)

func TestReset(t *testing.T) {
	path := newFile(t, activatedConfig())
	f := open(t, path)
	if err := f.Reset(); err != nil {
		t.Fatal(err)
	}
	equal(t, "files", names(t, path), []string{"dev.conf"})
	for name, f := range map[string]*File{"in memory": f, "opened again": open(t, path)} {
		equal(t, name+": endpoint id", f.EndpointID(), "")
		equal(t, name+": connected devices", f.ConnectedDevices(), []string{"ICD-2", "ICD-1"})
		equal(t, name+": anchors", len(f.TrustAnchors()), 2)
		if f.content.key != nil {
			t.Errorf("%s: the key is still there", name)
		}
		if _, err := f.Signer(); !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: Signer: %v", name, err)
		}
		if _, err := f.SignWithSecret("ICD-1", nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	before := readAll(t, path)
	if err := f.Reset(); err != nil {
		t.Errorf("a second Reset: %v", err)
	}
	equal(t, "file after a second Reset", readAll(t, path), before)
	activate(t, f, "0-EP2")
	equal(t, "endpoint id", open(t, path).EndpointID(), "0-EP2")
}

func TestResetEnterprise(t *testing.T) {
	cfg := testConfig()
	cfg.Enterprise, cfg.ConnectedDevices = true, nil
	if err := open(t, newFile(t, cfg)).Reset(); !errors.Is(err, ErrEnterprise) {
		t.Errorf("error %v", err)
	}
}

// TestResetAndPending: a leftover copy of the key that is forgotten goes, a key
// that the server may know stays.
func TestResetAndPending(t *testing.T) {
	path := newFile(t, testConfig())
	f := open(t, path)
	a := begin(t, f)
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	leftover := readAll(t, path+".pending")
	if err := a.Complete(t.Context(), "0-EP"); err != nil {
		t.Fatal(err)
	}
	a.Close()
	if err := os.WriteFile(path+".pending", []byte(leftover), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Reset(); err != nil {
		t.Fatal(err)
	}
	equal(t, "files", names(t, path), []string{"dev.conf"})

	path = newFile(t, testConfig())
	f = open(t, path)
	a = begin(t, f)
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	a.Close()
	if err := f.Reset(); err != nil {
		t.Fatal(err)
	}
	equal(t, "files of a device that is not activated", names(t, path), []string{"dev.conf", "dev.conf.pending"})
}
