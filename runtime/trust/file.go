package trust

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A File is an opened provisioning file: [Assets] that live in memory until an
// activation or a reset rewrites the file. It is safe for concurrent use and
// shows without its secrets in logs and with every formatting verb.
type File struct{ *opened }

// opened has its secrets behind pointers, where no misused formatting verb goes.
type opened struct {
	path     string // as given
	absolute string // path, wherever the program changes to
	disk     disk
	generate func(bits int) (*rsa.PrivateKey, error)

	mu         sync.RWMutex
	content    *content
	passphrase *boxed // in the byte form that the file uses; nil once wiped
}

// boxed puts bytes behind a pointer.
type boxed struct{ bytes []byte }

var _ Assets = (*File)(nil)

// Open reads the provisioning file at path. The passphrase is text in UTF-8; when
// it does not fit and all of its characters are below U+0100, its Latin-1 form is
// tried, as files of the JavaScript client have it, and kept for rewriting. Open
// copies the passphrase, the caller may [Wipe] its own; the copy is needed to
// rewrite the file, until [File.Wipe].
//
// Errors are *[FileError] that wrap fs.ErrNotExist, fs.ErrPermission,
// [ErrNoPassphrase], [ErrPassphrase], [ErrCorrupt], [ErrVersion],
// [ErrLegacyFormat], [ErrNotProvisioning], [ErrScheme] or [ErrTooLarge]. Nothing
// of a file that is not read completely is returned. Opening takes the time of
// 10000 hash rounds, twice that for a Latin-1 passphrase.
func Open(path string, passphrase []byte) (*File, error) {
	if path == "" {
		return nil, fileError("open", path, fmt.Errorf("no path given: %w", fs.ErrInvalid))
	}
	if len(passphrase) == 0 {
		return nil, fileError("open", path, ErrNoPassphrase)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fileError("open", path, err)
	}
	data, err := readLimited(absolute)
	if err != nil {
		return nil, fileError("open", path, err)
	}
	f, err := read(path, data, passphrase)
	if err != nil {
		return nil, err
	}
	f.absolute = absolute
	return f, nil
}

// Read is [Open] for the bytes of a file. As there is nothing to rewrite,
// BeginActivation and Reset of the result are ErrReadOnly.
func Read(data, passphrase []byte) (*File, error) {
	return read("", data, passphrase)
}

func read(path string, data, passphrase []byte) (*File, error) {
	c, form, err := decode(data, passphrase)
	if err != nil {
		return nil, fileError("open", path, err)
	}
	return &File{&opened{path: path, generate: generateRSA, content: c, passphrase: &boxed{form}}}, nil
}

// readLimited reads a regular file of at most MaxSize bytes; opening anything
// else might block or never end.
func readLimited(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: it is no regular file", ErrNotProvisioning)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	return data, nil // splitFile checks the size
}

// withoutPath takes the path off an error of package os: FileError has it.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Path returns the path given to Open, "" after Read.
func (f *File) Path() string { return f.path }

// now returns the present content.
func (f *File) now() *content {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.content
}

// ServerURI returns scheme://host:port, always with the port.
func (f *File) ServerURI() string { return f.now().server.String() }

// Scheme implements [Assets].
func (f *File) Scheme() string { return f.now().server.scheme }

// Host implements [Assets].
func (f *File) Host() string { return f.now().server.host }

// Port implements [Assets].
func (f *File) Port() int { return f.now().server.port }

// ClientID implements [Assets].
func (f *File) ClientID() string { return f.now().clientID }

// EndpointID implements [Assets].
func (f *File) EndpointID() string { return f.now().endpointID }

// Enterprise reports whether this is the file of an enterprise integration: its
// endpoint id is its client id, and it has no key.
func (f *File) Enterprise() bool { return f.now().enterprise() }

// HasSecret reports whether SignWithSecret works for hardwareID.
func (f *File) HasSecret(hardwareID string) bool { return f.now().secretOf(hardwareID) != nil }

// TrustAnchors implements [Assets]: all of the file, in its order.
func (f *File) TrustAnchors() []*x509.Certificate { return slices.Clone(f.now().anchors) }

// ConnectedDevices implements [Assets].
func (f *File) ConnectedDevices() []string {
	var ids []string
	for _, d := range f.now().devices {
		if !slices.Contains(ids, d.id) {
			ids = append(ids, d.id)
		}
	}
	return ids
}

// secretOf returns nil when there is none. Of a repeated id the last counts.
func (c *content) secretOf(hardwareID string) Secret {
	if hardwareID == "" || hardwareID == c.clientID {
		return c.secret
	}
	for _, d := range slices.Backward(c.devices) {
		if d.id == hardwareID && len(d.secret) > 0 {
			return d.secret
		}
	}
	return nil
}

// SignWithSecret implements [Assets]; ErrWiped after Wipe.
func (f *File) SignWithSecret(hardwareID string, data []byte) ([]byte, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.passphrase == nil {
		return nil, ErrWiped
	}
	secret := f.content.secretOf(hardwareID)
	if secret == nil {
		if hardwareID == "" {
			hardwareID = f.content.clientID
		}
		return nil, fmt.Errorf("%w for %q", ErrNoSecret, hardwareID)
	}
	return signHMAC(secret, data), nil
}

func signHMAC(secret Secret, data []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(data)
	return mac.Sum(nil)
}

// Signer implements [Assets]; ErrWiped after Wipe. The key is never more than a
// crypto.Signer: no type assertion reaches its numbers.
func (f *File) Signer() (crypto.Signer, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	switch c := f.content; {
	case f.passphrase == nil:
		return nil, ErrWiped
	case !c.activated():
		return nil, fmt.Errorf("%w: %q is not activated", ErrNoKey, c.clientID)
	case c.key == nil:
		return nil, fmt.Errorf("%w: %q signs with its secret only", ErrNoKey, c.clientID)
	default:
		return c.key.signer, nil
	}
}

// Wipe overwrites the passphrase and the secrets in memory. From then on signing,
// activation and reset are ErrWiped; the ids and anchors stay readable. Signers
// handed out before go on working, and an activation that was begun can be ended.
func (f *File) Wipe() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.content.wipe()
	if f.passphrase != nil {
		Wipe(f.passphrase.bytes)
		f.passphrase = nil
	}
}

// String shows path, server and ids.
func (f File) String() string {
	if f.opened == nil {
		return "trust.File{}"
	}
	c := f.now()
	return fmt.Sprintf("trust.File{path: %q, server: %s, client: %q, endpoint: %q}",
		f.path, c.server, c.clientID, c.endpointID)
}

// GoString is String.
func (f File) GoString() string { return f.String() }

// Format writes String whatever the verb.
func (f File) Format(s fmt.State, _ rune) { io.WriteString(s, f.String()) }

// LogValue shows path, server and ids.
func (f File) LogValue() slog.Value {
	if f.opened == nil {
		return slog.StringValue(f.String())
	}
	c := f.now()
	return slog.GroupValue(
		slog.String("path", f.path), slog.String("server", c.server.String()),
		slog.String("client", c.clientID), slog.String("endpoint", c.endpointID))
}
