package trusttest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/trust"
)

// TestAssets checks the Assets that fresh returns: each call those of another
// device, or of the same one set back, that is not activated and has a shared
// secret of its own. It takes some key generations of 2048 bits.
func TestAssets(t *testing.T, fresh func(t *testing.T) trust.Assets) {
	t.Helper()
	t.Run("values", func(t *testing.T) { testValues(t, fresh(t)) })
	t.Run("secrets", func(t *testing.T) { testSecrets(t, fresh(t)) })
	t.Run("activation", func(t *testing.T) { testActivation(t, fresh(t)) })
	t.Run("one activation at a time", func(t *testing.T) { testExclusive(t, fresh(t)) })
	t.Run("attempt cut off", func(t *testing.T) { testCutOff(t, fresh(t)) })
	t.Run("misuse", func(t *testing.T) { testMisuse(t, fresh(t)) })
	t.Run("concurrency", func(t *testing.T) { testConcurrency(t, fresh(t)) })
}

func testValues(t *testing.T, a trust.Assets) {
	if s := a.Scheme(); s != "https" && s != "mqtts" {
		t.Errorf("Scheme is %q", s)
	}
	if a.Host() == "" || a.Host()[0] == '[' {
		t.Errorf("Host is %q", a.Host())
	}
	if p := a.Port(); p < 1 || p > 65535 {
		t.Errorf("Port is %d", p)
	}
	if a.ClientID() == "" || a.EndpointID() != "" {
		t.Errorf("client id %q, endpoint id %q", a.ClientID(), a.EndpointID())
	}
	if anchors := a.TrustAnchors(); len(anchors) > 0 {
		anchors[0] = nil
		if a.TrustAnchors()[0] == nil {
			t.Error("TrustAnchors does not give its slice away")
		}
	}
	if ids := a.ConnectedDevices(); len(ids) > 0 {
		ids[0] = ""
		if a.ConnectedDevices()[0] == "" {
			t.Error("ConnectedDevices does not give its slice away")
		}
	}
	if _, err := a.Signer(); !errors.Is(err, trust.ErrNoKey) {
		t.Errorf("Signer before activation: %v, want ErrNoKey", err)
	}
}

func testSecrets(t *testing.T, a trust.Assets) {
	data := []byte("data")
	own, err := a.SignWithSecret("", data)
	if err != nil || len(own) != sha256.Size {
		t.Fatalf("SignWithSecret: %d bytes, %v", len(own), err)
	}
	again, err := a.SignWithSecret(a.ClientID(), data)
	if err != nil || !bytes.Equal(own, again) {
		t.Errorf("SignWithSecret of the client id differs from that of \"\": %v", err)
	}
	for _, id := range a.ConnectedDevices() {
		if mac, err := a.SignWithSecret(id, data); err != nil || len(mac) != sha256.Size {
			t.Errorf("SignWithSecret of %q: %d bytes, %v", id, len(mac), err)
		}
	}
	if _, err := a.SignWithSecret("no such device", data); !errors.Is(err, trust.ErrNoSecret) {
		t.Errorf("SignWithSecret of an unknown device: %v, want ErrNoSecret", err)
	}
}

func begin(t *testing.T, a trust.Assets) trust.Activation {
	t.Helper()
	activation, err := a.BeginActivation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { activation.Close() })
	return activation
}

func generate(t *testing.T, a trust.Activation) crypto.Signer {
	t.Helper()
	key, err := a.GenerateKey(t.Context(), trust.MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func testActivation(t *testing.T, a trust.Assets) {
	activation := begin(t, a)
	key := generate(t, activation)
	public, ok := key.Public().(*rsa.PublicKey)
	if !ok || public.N.BitLen() < trust.MinKeyBits || public.E != 65537 {
		t.Fatalf("GenerateKey returns a %T", key.Public())
	}
	if a.EndpointID() != "" {
		t.Error("activated before Complete")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := activation.Complete(ended, "0-TEST"); err != nil {
		t.Fatalf("Complete gives up as its context has ended: %v", err)
	}
	if err := activation.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if a.EndpointID() != "0-TEST" {
		t.Errorf("endpoint id %q", a.EndpointID())
	}
	signer, err := a.Signer()
	if err != nil {
		t.Fatal(err)
	}
	signature, err := trust.SignSHA256(signer, []byte("data"))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("data"))
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature); err != nil {
		t.Errorf("Signer is not the key that was generated: %v", err)
	}
	if _, err := a.SignWithSecret("", nil); err != nil {
		t.Errorf("the secret is lost: %v", err)
	}
	if _, err := a.BeginActivation(t.Context()); !errors.Is(err, trust.ErrActivated) {
		t.Errorf("a second activation: %v, want ErrActivated", err)
	}
}

func testExclusive(t *testing.T, a trust.Assets) {
	first := begin(t, a)
	if _, err := a.BeginActivation(t.Context()); !errors.Is(err, trust.ErrLocked) {
		t.Errorf("a second attempt: %v, want ErrLocked", err)
	}
	if err := errors.Join(first.Close(), first.Close()); err != nil {
		t.Errorf("Close: %v", err)
	}
	begin(t, a)
}

// testCutOff: the key of an attempt whose answer was lost comes again, and Abort
// of the next attempt keeps it.
func testCutOff(t *testing.T, a trust.Assets) {
	first := begin(t, a)
	public := generate(t, first).Public().(*rsa.PublicKey)
	first.Close()
	for range 2 {
		next := begin(t, a)
		if !public.Equal(generate(t, next).Public()) {
			t.Error("GenerateKey overwrote a key that the server may know")
		}
		if err := next.Abort(); err != nil {
			t.Errorf("Abort: %v", err)
		}
		next.Close()
	}
}

func testMisuse(t *testing.T, a trust.Assets) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.BeginActivation(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("BeginActivation with a context that ended: %v", err)
	}
	activation := begin(t, a)
	for _, bits := range []int{0, trust.MinKeyBits - 1, trust.MaxKeyBits + 1} {
		if _, err := activation.GenerateKey(t.Context(), bits); !errors.Is(err, trust.ErrKeySize) {
			t.Errorf("a key of %d bits: %v, want ErrKeySize", bits, err)
		}
	}
	if err := activation.Complete(t.Context(), "0-TEST"); err == nil {
		t.Error("Complete without a key succeeds")
	}
	activation.Close()
	if _, err := activation.GenerateKey(t.Context(), trust.MinKeyBits); !errors.Is(err, os.ErrClosed) {
		t.Errorf("GenerateKey after Close: %v, want os.ErrClosed", err)
	}
	if err := activation.Complete(t.Context(), "0-TEST"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Complete after Close: %v, want os.ErrClosed", err)
	}
	if err := activation.Abort(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Abort after Close: %v, want os.ErrClosed", err)
	}
	if a.EndpointID() != "" {
		t.Errorf("endpoint id %q without an activation", a.EndpointID())
	}
}

// testConcurrency gives the race detector something to find.
func testConcurrency(t *testing.T, a trust.Assets) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				a.SignWithSecret("", []byte("data"))
				a.Signer()
				a.TrustAnchors()
				_ = a.EndpointID() + a.Host()
			}
		})
	}
	activation := begin(t, a)
	generate(t, activation)
	if err := activation.Complete(t.Context(), "0-TEST"); err != nil {
		t.Error(err)
	}
	wg.Wait()
}
