package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const testPassphrase = "Passphrase 1"

// The secrets that must never be seen anywhere.
const (
	testSecret    = "s3cret-own"
	testICDSecret = "s3cret-icd"
)

// testKey makes one RSA key for all tests that need just any.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, MinKeyBits)
	if err != nil {
		panic(err)
	}
	return key
})

var testAnchors = sync.OnceValue(func() []*x509.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	var anchors []*x509.Certificate
	for i := range 2 {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i)), Subject: pkix.Name{CommonName: "anchor"},
			NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			panic(err)
		}
		anchor, err := x509.ParseCertificate(der)
		if err != nil {
			panic(err)
		}
		anchors = append(anchors, anchor)
	}
	return anchors
})

// testConfig is a gateway before activation.
func testConfig() Config {
	return Config{
		ServerURI: "https://iot.example.com", ClientID: "GW-1", Secret: Secret(testSecret),
		TrustAnchors:     testAnchors(),
		ConnectedDevices: []ConnectedDevice{{"ICD-2", Secret(testICDSecret)}, {"ICD-1", Secret(testICDSecret + "-1")}},
	}
}

// activatedConfig is the same gateway afterwards.
func activatedConfig() Config {
	cfg := testConfig()
	cfg.EndpointID, cfg.Key = "0-EP", testKey()
	return cfg
}

// newFile makes a provisioning file in a folder of its own.
func newFile(t testing.TB, cfg Config) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dev.conf")
	if err := Create(path, []byte(testPassphrase), cfg); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens a file that takes its keys from a few, as making one takes long.
func open(t testing.TB, path string) *File {
	t.Helper()
	f, err := Open(path, []byte(testPassphrase))
	if err != nil {
		t.Fatal(err)
	}
	return quickKeys(f)
}

var (
	spareKeys = sync.OnceValue(func() (keys [3]*rsa.PrivateKey) {
		for i := range keys {
			key, err := generateRSA(MinKeyBits)
			if err != nil {
				panic(err)
			}
			keys[i] = key
		}
		return keys
	})
	nextKey atomic.Int32
)

func quickKeys(f *File) *File {
	f.generate = func(bits int) (*rsa.PrivateKey, error) {
		if bits != MinKeyBits {
			return generateRSA(bits)
		}
		return spareKeys()[nextKey.Add(1)%3], nil
	}
	return f
}

func readAll(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// names lists the folder of path.
func names(t testing.TB, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
