package authority

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FileName is the name of the file that [Cached] keeps in its folder.
const FileName = "authority.pem"

// ErrDamaged says that the cached file is not what [Cached] wrote. The text names the file; removing it has new keys made, after
// which clients need the new trust anchor.
var ErrDamaged = errors.New("authority: damaged key cache")

const (
	blockCertificate = "CERTIFICATE"
	blockRootKey     = "IOTCS ROOT PRIVATE KEY"
	blockServerKey   = "IOTCS SERVER PRIVATE KEY"
)

// Cached gives the authority that is kept in the folder, and makes and keeps one if there is none. The folder is made with mode 0700
// when missing, the file has mode 0600 and appears whole or not at all; of several processes that start at once all use the same
// authority. It fails with [ErrDamaged] when the file cannot be read as one.
func Cached(dir string) (*Authority, error) {
	path := filepath.Join(dir, FileName)
	a, err := load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return a, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	if a, err = New(); err != nil {
		return nil, err
	}
	if err := a.keep(path); err != nil {
		return nil, err
	}
	return load(path) // another process may have been first: its file rules
}

// keep writes the file unless there is one already.
func (a *Authority) keep(path string) error {
	text, err := a.marshal()
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".authority-*") // mode 0600
	if err != nil {
		return fmt.Errorf("authority: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("authority: %w", err)
	}
	err = os.Link(temp.Name(), path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err := os.Rename(temp.Name(), path); err != nil { // a file system without links
		return fmt.Errorf("authority: %w", err)
	}
	return nil
}

func (a *Authority) marshal() ([]byte, error) {
	var text bytes.Buffer
	text.Write(a.RootPEM())
	for _, part := range []struct {
		name string
		key  *rsa.PrivateKey
	}{{blockRootKey, a.rootKey}, {blockServerKey, a.serverKey}} {
		der, err := x509.MarshalPKCS8PrivateKey(part.key)
		if err != nil {
			return nil, fmt.Errorf("authority: %w", err)
		}
		text.Write(pem.EncodeToMemory(&pem.Block{Type: part.name, Bytes: der}))
	}
	return text.Bytes(), nil
}

func load(path string) (*Authority, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	a, err := unmarshal(text)
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w; remove the file to have new keys made", ErrDamaged, path, err)
	}
	return a, nil
}

func unmarshal(text []byte) (*Authority, error) {
	a := new(Authority)
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch block.Type {
		case blockCertificate:
			a.root, err = x509.ParseCertificate(block.Bytes)
		case blockRootKey:
			a.rootKey, err = parseKey(block.Bytes)
		case blockServerKey:
			a.serverKey, err = parseKey(block.Bytes)
		}
		if err != nil {
			return nil, err
		}
	}
	if a.root == nil || a.rootKey == nil || a.serverKey == nil {
		return nil, errors.New("a certificate or a key is missing")
	}
	if !a.rootKey.PublicKey.Equal(a.root.PublicKey) {
		return nil, errors.New("certificate and key do not belong together")
	}
	return a, nil
}

func parseKey(der []byte) (*rsa.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	rsaKey, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a %T instead of an RSA key", key)
	}
	return rsaKey, nil
}
