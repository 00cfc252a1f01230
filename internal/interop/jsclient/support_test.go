package jsclient_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/internal/interop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const passphrase = "passphrase"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// node is a command that runs a script of testdata with one argument, in a
// folder of its own: the client keeps a database in the working directory.
func node(t *testing.T, ctx context.Context, script string, settings []byte) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", script))
	must(t, err)
	command := exec.CommandContext(ctx, interop.Path(t, interop.Node), path, string(settings))
	command.Dir = t.TempDir()
	command.Env = append(command.Environ(), "NODE_PATH="+interop.Path(t, interop.OfficialClient))
	command.WaitDelay = 5 * time.Second
	return command
}

// testKey is an RSA key that tests share: making one takes a while.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// rsaRoot is the certificate of an authority; the client can load no others than
// RSA (docs/protocol/provisioning.md §1.5).
func rsaRoot(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &testKey().PublicKey, testKey())
	must(t, err)
	c, err := x509.ParseCertificate(der)
	must(t, err)
	return c
}
