package authority_test

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/authority"
)

var shared = sync.OnceValues(authority.New)

func newAuthority(t testing.TB) *authority.Authority {
	t.Helper()
	a, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func Example() {
	a, err := authority.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	certificate, err := a.Certificate("iot.example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(certificate.Leaf.Subject.CommonName, certificate.Leaf.DNSNames, certificate.Leaf.IPAddresses)
	// Output: localhost [localhost iot.example.com] [127.0.0.1 ::1]
}

func TestCertificateVerifiesForEveryName(t *testing.T) {
	a := newAuthority(t)
	certificate, err := a.Certificate("iot.example.com", "192.0.2.7", "localhost", "::1")
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.Root())
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "iot.example.com", "192.0.2.7"} {
		for _, now := range []time.Time{time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Now()} {
			if _, err := certificate.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: now}); err != nil {
				t.Errorf("%s at %v: %v", name, now, err)
			}
		}
	}
	if _, err := certificate.Leaf.Verify(x509.VerifyOptions{DNSName: "other.example.com", Roots: pool}); err == nil {
		t.Error("verified for a name that it does not have")
	}
	if names := certificate.Leaf.DNSNames; len(names) != 2 {
		t.Errorf("names given twice stand there twice: %v", names)
	}
	if len(certificate.Certificate) != 2 {
		t.Errorf("the chain has %d certificates, want the root in it", len(certificate.Certificate))
	}
}

func TestKeysAreRSA(t *testing.T) {
	a := newAuthority(t)
	certificate, err := a.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []any{a.Root().PublicKey, certificate.Leaf.PublicKey} {
		if rsaKey, ok := key.(*rsa.PublicKey); !ok || rsaKey.N.BitLen() != 2048 {
			t.Errorf("key %T, want RSA with 2048 bits", key)
		}
	}
}

func TestRootPEM(t *testing.T) {
	block, rest := pem.Decode(newAuthority(t).RootPEM())
	if block == nil || len(rest) != 0 {
		t.Fatal("not one PEM block")
	}
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !root.IsCA {
		t.Fatalf("root %v, %v", root, err)
	}
}

func TestHandshake(t *testing.T) {
	a := newAuthority(t)
	certificate, err := a.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	client, server := net.Pipe()
	defer client.Close()
	go func() {
		tls.Server(server, &tls.Config{Certificates: []tls.Certificate{certificate}}).Handshake()
	}()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(a.RootPEM())
	if err := tls.Client(client, &tls.Config{RootCAs: pool, ServerName: "localhost"}).Handshake(); err != nil {
		t.Fatal(err)
	}
}

func TestCachedKeepsTheKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	first, err := authority.Cached(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := authority.Cached(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Root().Equal(second.Root()) {
		t.Error("another root the second time")
	}
	if runtime.GOOS == "windows" {
		return
	}
	info, err := os.Stat(filepath.Join(dir, authority.FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("folder has mode %v, want 0700", info.Mode())
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("temporary files left: %v", entries)
	}
}

func TestCachedConcurrently(t *testing.T) {
	dir := t.TempDir()
	roots := make([]*x509.Certificate, 4)
	var group sync.WaitGroup
	for i := range roots {
		group.Go(func() {
			a, err := authority.Cached(dir)
			if err != nil {
				t.Error(err)
				return
			}
			roots[i] = a.Root()
		})
	}
	group.Wait()
	for _, root := range roots {
		if root != nil && !root.Equal(roots[0]) {
			t.Error("two starters use different roots")
		}
	}
}

func TestCachedDamaged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, authority.FileName)
	if _, err := authority.Cached(dir); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if _, err := authority.Cached(other); err != nil {
		t.Fatal(err)
	}
	foreign, err := os.ReadFile(filepath.Join(other, authority.FileName))
	if err != nil {
		t.Fatal(err)
	}
	_, foreignKeys, _ := strings.Cut(string(foreign), "-----END CERTIFICATE-----\n")
	certificate, _, _ := strings.Cut(string(good), "-----BEGIN IOTCS")
	for _, test := range []struct{ name, text string }{
		{"empty", ""},
		{"cut", string(good[:len(good)/2])},
		{"certificate only", certificate},
		{"keys of another authority", certificate + foreignKeys},
		{"bad key", certificate + "-----BEGIN IOTCS ROOT PRIVATE KEY-----\nAAAA\n-----END IOTCS ROOT PRIVATE KEY-----\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := authority.Cached(dir)
			if !errors.Is(err, authority.ErrDamaged) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want ErrDamaged with the path", err)
			}
		})
	}
}

func TestCachedInAnUnusableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Cached(filepath.Join(file, "sub")); err == nil {
		t.Error("no error for a folder below a file")
	}
}

func BenchmarkCertificate(b *testing.B) {
	a := newAuthority(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Certificate(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCached(b *testing.B) {
	dir := b.TempDir()
	if _, err := authority.Cached(dir); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := authority.Cached(dir); err != nil {
			b.Fatal(err)
		}
	}
}
