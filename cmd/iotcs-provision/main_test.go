package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){name: main})
}

// TestScripts runs the command as a program, one script a sub-command.
func TestScripts(t *testing.T) {
	vectors, err := filepath.Abs("../../testdata/provisioning")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("VECTORS", vectors)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"certificate": writeCertificate,
			"activate":    activateFile,
			"status":      checkStatus,
		},
	})
}

// rsaKey makes one key for all certificates.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// checkStatus runs "status CODE COMMAND…": exec with the exit status that it must
// have.
func checkStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status code command...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		code = string(rune('0' + exit.ExitCode()))
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("exit status %s, want %s", code, args[0])
	}
}

// activateFile runs "activate CONF [ENDPOINT]" under the passphrase "pass"; without
// an endpoint id it is cut off after the key.
func activateFile(ts *testscript.TestScript, neg bool, args []string) {
	f, err := trust.Open(ts.MkAbs(args[0]), []byte("pass"))
	ts.Check(err)
	a, err := f.BeginActivation(context.Background())
	ts.Check(err)
	defer a.Close()
	_, err = a.GenerateKey(context.Background(), trust.MinKeyBits)
	ts.Check(err)
	if len(args) > 1 {
		ts.Check(a.Complete(context.Background(), args[1]))
	}
}

// writeCertificate runs "certificate FILE RSA|EC FROM UNTIL", the last two being
// years; a file that ends in .der gets DER. It is appended to what is there.
func writeCertificate(ts *testscript.TestScript, neg bool, args []string) {
	var key crypto.Signer
	var err error
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); args[1] == "RSA" {
		key, err = rsaKey()
	}
	ts.Check(err)
	year := func(text string) time.Time {
		when, err := time.Parse("2006", text)
		ts.Check(err)
		return when
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test " + args[1]},
		NotBefore: year(args[2]), NotAfter: year(args[3]),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ts.Check(err)
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if filepath.Ext(args[0]) == ".der" {
		data = der
	}
	out, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	ts.Check(err)
	_, err = out.Write(data)
	ts.Check(err)
	ts.Check(out.Close())
}
