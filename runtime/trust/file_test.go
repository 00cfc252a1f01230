package trust

import (
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestOpenErrors(t *testing.T) {
	folder := t.TempDir()
	large := filepath.Join(folder, "large")
	if err := os.WriteFile(large, make([]byte, MaxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	good := newFile(t, testConfig())
	for _, test := range []struct {
		name, path, passphrase string
		want                   error
	}{
		{"no path", "", "p", fs.ErrInvalid},
		{"missing", filepath.Join(folder, "missing"), "p", fs.ErrNotExist},
		{"folder", folder, "p", ErrNotProvisioning},
		{"device", os.DevNull, "p", ErrNotProvisioning},
		{"too large", large, "p", ErrTooLarge},
		{"empty passphrase", good, "", ErrNoPassphrase},
		{"wrong passphrase", good, "p", ErrPassphrase},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := Open(test.path, []byte(test.passphrase))
			var fe *FileError
			if f != nil || !errors.Is(err, test.want) || !errors.As(err, &fe) || fe.Path != test.path {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
	if _, err := Read(nil, nil); !errors.Is(err, ErrNoPassphrase) {
		t.Errorf("Read without passphrase: %v", err)
	}
}

// TestRelativePath: the program changes its folder between Open and activation.
func TestRelativePath(t *testing.T) {
	path := newFile(t, testConfig())
	t.Chdir(filepath.Dir(path))
	f := open(t, "dev.conf")
	equal(t, "path", f.Path(), "dev.conf")
	t.Chdir(t.TempDir())
	activate(t, f, "0-EP")
	equal(t, "endpoint id", open(t, path).EndpointID(), "0-EP")
}

func TestFileErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"open dev.conf: no private key":             fileError("open", "dev.conf", ErrNoKey),
		"open: no private key (do this)":            fileError("open", "", &remedied{ErrNoKey, "do this"}),
		"wrapped: no private key (do this instead)": errors.New("wrapped: " + (&remedied{ErrNoKey, "do this instead"}).Error()),
	} {
		equal(t, "text", err.Error(), want)
	}
	if fileError("open", "", nil) != nil {
		t.Error("an error out of nothing")
	}
	if err := error(&remedied{ErrNoKey, "x"}); !errors.Is(err, ErrNoKey) {
		t.Error("remedied does not unwrap")
	}
}

func TestConnectedDevices(t *testing.T) {
	f := open(t, newFile(t, testConfig()))
	ids := f.ConnectedDevices()
	equal(t, "ids in the order of the file", ids, []string{"ICD-2", "ICD-1"})
	ids[0], f.TrustAnchors()[0] = "changed", nil
	equal(t, "ids after the caller changed them", f.ConnectedDevices(), []string{"ICD-2", "ICD-1"})
	if f.TrustAnchors()[0] == nil {
		t.Error("the caller changed the anchors")
	}

	c, err := parseContent(plaintext(1, testURI, 2, "D",
		8, string(plaintext(2, "A", 3, "old")), 8, string(plaintext(2, "B")), 8, string(plaintext(2, "A", 3, "new"))))
	if err != nil {
		t.Fatal(err)
	}
	twice := &File{&opened{content: c, passphrase: &boxed{[]byte("p")}}}
	equal(t, "an id that comes twice", twice.ConnectedDevices(), []string{"A", "B"})
	equal(t, "its secret: the last wins", string(c.secretOf("A")), "new")
	for _, id := range []string{"", "D", "B", "C"} {
		if _, err := twice.SignWithSecret(id, nil); !errors.Is(err, ErrNoSecret) || twice.HasSecret(id) {
			t.Errorf("secret of %q: %v", id, err)
		}
	}
}

// A published HMAC-SHA256 vector, RFC 4231 case 2.
func TestSignWithSecret(t *testing.T) {
	cfg := testConfig()
	cfg.Secret = Secret("Jefe")
	f := open(t, newFile(t, cfg))
	for _, id := range []string{"", cfg.ClientID} {
		mac, err := f.SignWithSecret(id, []byte("what do ya want for nothing?"))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "HMAC", hex.EncodeToString(mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
	}
	other, err := f.SignWithSecret("ICD-1", []byte("x"))
	own, err2 := f.SignWithSecret("", []byte("x"))
	if err != nil || err2 != nil || string(other) == string(own) {
		t.Errorf("the connected device signs as the gateway does: %v %v", err, err2)
	}
}

func TestSigner(t *testing.T) {
	f := open(t, newFile(t, activatedConfig()))
	key, err := f.Signer()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := key.(*rsa.PrivateKey); ok {
		t.Error("the key's numbers are in reach")
	}
	if !testKey().PublicKey.Equal(key.Public()) {
		t.Error("another key")
	}
	again, err := f.Signer()
	if err != nil || again != key {
		t.Error("a second Signer differs")
	}
	enterprise := testConfig()
	enterprise.Enterprise, enterprise.ConnectedDevices = true, nil
	if _, err := open(t, newFile(t, enterprise)).Signer(); !errors.Is(err, ErrNoKey) {
		t.Errorf("enterprise: %v", err)
	}
}

func TestWipe(t *testing.T) {
	passphrase := []byte(testPassphrase)
	path := newFile(t, activatedConfig())
	f, err := Open(path, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	Wipe(passphrase)
	equal(t, "the caller's passphrase", passphrase, make([]byte, len(testPassphrase)))
	secret, form, der := f.content.secret, f.passphrase.bytes, f.content.key.privateDER
	equal(t, "own passphrase is a copy", string(form), testPassphrase)
	signer, err := f.Signer()
	if err != nil {
		t.Fatal(err)
	}
	f.Wipe()
	f.Wipe()
	for _, b := range [][]byte{secret, form, der, f.content.devices[0].secret, f.content.devices[0].raw} {
		for _, c := range b {
			if c != 0 {
				t.Fatalf("bytes are left: %q", b)
			}
		}
	}
	if _, err := f.SignWithSecret("", nil); !errors.Is(err, ErrWiped) {
		t.Errorf("SignWithSecret: %v", err)
	}
	if _, err := f.Signer(); !errors.Is(err, ErrWiped) {
		t.Errorf("Signer: %v", err)
	}
	if err := f.Reset(); !errors.Is(err, ErrWiped) {
		t.Errorf("Reset: %v", err)
	}
	equal(t, "client id", f.ClientID(), "GW-1")
	if _, err := SignSHA256(signer, []byte("x")); err != nil {
		t.Errorf("a signer that was handed out before: %v", err)
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	f := open(t, newFile(t, testConfig()))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				f.SignWithSecret("ICD-1", []byte("x"))
				f.Signer()
				_ = f.String() + f.EndpointID() + f.Host()
				f.HasSecret("ICD-1")
			}
		})
	}
	activate(t, f, "0-EP")
	if err := f.Reset(); err != nil {
		t.Error(err)
	}
	f.Wipe()
	wg.Wait()
}
