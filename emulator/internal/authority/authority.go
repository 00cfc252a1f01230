package authority

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"slices"
	"time"
)

const keyBits = 2048

// The life of every certificate. It begins before the year 2000, where the clock of testing/synctest starts.
var (
	notBefore = time.Date(1999, time.January, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(2049, time.December, 31, 23, 59, 59, 0, time.UTC)
)

// localNames stand in every server certificate.
var localNames = []string{"localhost", "127.0.0.1", "::1"}

// Authority is a root certificate with its key, and the key of the server. It does not change and is safe for concurrent use.
type Authority struct {
	root      *x509.Certificate
	rootKey   *rsa.PrivateKey
	serverKey *rsa.PrivateKey
}

// New makes an authority with new keys.
func New() (*Authority, error) {
	type result struct {
		key *rsa.PrivateKey
		err error
	}
	other := make(chan result, 1)
	go func() {
		key, err := rsa.GenerateKey(rand.Reader, keyBits)
		other <- result{key, err}
	}()
	rootKey, err := rsa.GenerateKey(rand.Reader, keyBits)
	server := <-other
	if err != nil {
		return nil, fmt.Errorf("authority: root key: %w", err)
	}
	if server.err != nil {
		return nil, fmt.Errorf("authority: server key: %w", server.err)
	}
	root, err := newRoot(rootKey)
	if err != nil {
		return nil, err
	}
	return &Authority{root: root, rootKey: rootKey, serverKey: server.key}, nil
}

func newRoot(key *rsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "iotcs-emulator root", Organization: []string{"iotcs-emulator"}},
		NotBefore:             notBefore,
		NotAfter:              notAfter,
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLen:            0,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		SubjectKeyId:          keyID(&key.PublicKey),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("authority: root certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// Certificate makes a server certificate for the local names and the given ones, which are host names or IP addresses. The chain
// holds the root too: the official provisioner picks the anchor up from there (docs/protocol/transport.md §11).
func (a *Authority) Certificate(names ...string) (tls.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber:   serial,
		Subject:        pkix.Name{CommonName: "localhost", Organization: []string{"iotcs-emulator"}},
		NotBefore:      notBefore,
		NotAfter:       notAfter,
		KeyUsage:       x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:    []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		SubjectKeyId:   keyID(&a.serverKey.PublicKey),
		AuthorityKeyId: a.root.SubjectKeyId,
	}
	for _, name := range slices.Concat(localNames, names) {
		addName(template, name)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, &a.serverKey.PublicKey, a.rootKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("authority: server certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("authority: server certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der, a.root.Raw}, PrivateKey: a.serverKey, Leaf: leaf}, nil
}

func addName(template *x509.Certificate, name string) {
	ip := net.ParseIP(name)
	switch {
	case ip == nil && !slices.Contains(template.DNSNames, name):
		template.DNSNames = append(template.DNSNames, name)
	case ip != nil && !slices.ContainsFunc(template.IPAddresses, ip.Equal):
		template.IPAddresses = append(template.IPAddresses, ip)
	}
}

// Root gives the root certificate: the trust anchor of clients. Do not modify it.
func (a *Authority) Root() *x509.Certificate { return a.root }

// RootPEM gives the root certificate as PEM text.
func (a *Authority) RootPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: blockCertificate, Bytes: a.root.Raw})
}

func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("authority: serial number: %w", err)
	}
	return serial, nil
}

// keyID is a subject key identifier: the first 20 bytes of the key's SHA-256 (RFC 7093 §2).
func keyID(key *rsa.PublicKey) []byte {
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(key))
	return sum[:20]
}
