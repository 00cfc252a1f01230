package trust

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"os"
	"testing"
)

// tpm keeps one key and one secret where no Go program reads them.
type tpm struct {
	key      crypto.Signer
	stored   string
	aborted  int
	failNext error
}

func (c *tpm) generateKey(context.Context, int) (crypto.Signer, error) {
	if c.key == nil {
		c.key = &rsaSigner{testKey()}
	}
	return c.key, nil
}

func (c *tpm) complete(ctx context.Context, endpointID string) error {
	if err := errors.Join(ctx.Err(), c.failNext); err != nil {
		c.failNext = nil
		return err
	}
	c.stored = endpointID
	return nil
}

func (c *tpm) abort() error { c.key = nil; c.aborted++; return nil }

func (c *tpm) sign(hardwareID string, data []byte) ([]byte, error) {
	if hardwareID != "" && hardwareID != "ICD-1" {
		return nil, ErrNoSecret
	}
	return []byte(hardwareID + "/" + string(data)), nil
}

func newTPM(t *testing.T) (*tpm, *Memory) {
	t.Helper()
	c := &tpm{}
	m, err := NewMemory(MemoryConfig{
		Config: Config{
			ServerURI: "mqtts://iot.example.com", ClientID: "GW-1", TrustAnchors: testAnchors(),
			ConnectedDevices: []ConnectedDevice{{ID: "ICD-1"}},
		},
		GenerateKey: c.generateKey, Complete: c.complete, Abort: c.abort, SignWithSecret: c.sign,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, m
}

func TestMemoryWithTPM(t *testing.T) {
	c, m := newTPM(t)
	equal(t, "scheme", m.Scheme(), "mqtts")
	equal(t, "host", m.Host(), "iot.example.com")
	equal(t, "port", m.Port(), 8883)
	equal(t, "connected devices", m.ConnectedDevices(), []string{"ICD-1"})
	equal(t, "anchors", len(m.TrustAnchors()), 2)
	for id, want := range map[string]string{"": "/x", "GW-1": "/x", "ICD-1": "ICD-1/x"} {
		mac, err := m.SignWithSecret(id, []byte("x"))
		if err != nil || string(mac) != want {
			t.Errorf("secret of %q: %q, %v", id, mac, err)
		}
	}
	if _, err := m.SignWithSecret("ICD-2", nil); !errors.Is(err, ErrNoSecret) {
		t.Errorf("secret of another: %v", err)
	}

	a, err := m.BeginActivation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key, err := a.GenerateKey(t.Context(), MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	c.failNext = errors.New("the chip is busy")
	if err := a.Complete(t.Context(), "0-EP"); err == nil || m.EndpointID() != "" {
		t.Errorf("Complete that cannot store: %v, endpoint id %q", err, m.EndpointID())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Complete(ended, "0-EP"); err != nil {
		t.Fatal(err)
	}
	equal(t, "stored", c.stored, "0-EP")
	equal(t, "endpoint id", m.EndpointID(), "0-EP")
	if signer, err := m.Signer(); err != nil || signer != key {
		t.Errorf("Signer: %v, %v", signer, err)
	}
}

func TestMemoryAbort(t *testing.T) {
	c, m := newTPM(t)
	a, err := m.BeginActivation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.GenerateKey(t.Context(), MaxKeyBits); !errors.Is(err, ErrPendingKey) {
		t.Errorf("a chip that gives shorter keys: %v", err)
	}
	if err := a.Abort(); err != nil || c.aborted != 0 {
		t.Errorf("Abort before GenerateKey: %v, %d calls", err, c.aborted)
	}
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	if err := a.Abort(); err != nil || c.aborted != 1 {
		t.Errorf("Abort: %v, %d calls", err, c.aborted)
	}
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	a.Close() // the server may know the key now

	if a, err = m.BeginActivation(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.GenerateKey(t.Context(), MinKeyBits); err != nil {
		t.Fatal(err)
	}
	if err := a.Abort(); err != nil || c.aborted != 1 {
		t.Errorf("Abort of an earlier attempt's key: %v, %d calls", err, c.aborted)
	}
}

func TestMemoryKeepsKey(t *testing.T) {
	m, err := NewMemory(MemoryConfig{Config: testConfig()})
	if err != nil {
		t.Fatal(err)
	}
	var keys []crypto.Signer
	for range 2 {
		a, err := m.BeginActivation(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			key, err := a.GenerateKey(t.Context(), MinKeyBits)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key)
		}
		if err := errors.Join(a.Close(), a.Close()); err != nil {
			t.Fatal(err)
		}
		if err := a.Abort(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Abort after Close: %v", err)
		}
	}
	for i, key := range keys {
		if key != keys[0] {
			t.Errorf("key %d is another one", i)
		}
	}
}

func TestNewMemoryErrors(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	activated := testConfig()
	activated.EndpointID = "0-EP"
	noSecret := testConfig()
	noSecret.Secret = nil
	for name, cfg := range map[string]MemoryConfig{
		"key that is no RSA key":     {Config: activated, Signer: ec},
		"signer without endpoint id": {Config: testConfig(), Signer: testKey()},
		"signer and key":             {Config: activatedConfig(), Signer: testKey()},
		"no secret":                  {Config: noSecret},
		"endpoint id without a key":  {Config: activated},
		"server":                     {},
	} {
		var ce *ConfigError
		if m, err := NewMemory(cfg); m != nil || !errors.As(err, &ce) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m, err := NewMemory(MemoryConfig{Config: activated, Signer: testKey()})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "endpoint id", m.EndpointID(), "0-EP")
	if _, err := m.BeginActivation(t.Context()); !errors.Is(err, ErrActivated) {
		t.Errorf("BeginActivation: %v", err)
	}
	enterprise := testConfig()
	enterprise.Enterprise, enterprise.ConnectedDevices = true, nil
	if m, err = NewMemory(MemoryConfig{Config: enterprise}); err != nil || m.EndpointID() != "GW-1" {
		t.Errorf("enterprise: %v, %v", m, err)
	}
}

func TestSignSHA256Refuses(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := SignSHA256(ec, nil); err == nil {
		t.Error("an EC key signed")
	}
}
