package trust

import (
	"context"
	"crypto"
	"crypto/x509"
)

// Assets is what the runtime needs of a device's credentials. [File] and
// [Memory] implement it; a type that keeps keys in a TPM may do so too, and
// package trusttest checks it.
//
// Implementations are safe for concurrent use, return the same values for
// Scheme, Host, Port, ClientID, TrustAnchors and ConnectedDevices for ever, and
// change EndpointID and Signer only in Complete of an activation (or when they
// notice that another process has activated the device). They never return
// secrets or private keys.
type Assets interface {
	// Scheme returns "https" or "mqtts".
	Scheme() string
	// Host returns the server's host name or address in lower case, IPv6 without
	// brackets.
	Host() string
	// Port returns the server's port, 1…65535, with the default of the scheme
	// filled in: 443 for https, 8883 for mqtts (docs/protocol/provisioning.md §1.4).
	Port() int
	// ClientID returns the activation id, or the integration id of an enterprise
	// integration; never "".
	ClientID() string
	// EndpointID returns the id given by the server, "" before activation.
	EndpointID() string
	// TrustAnchors returns the only certificates to trust; none means the roots of
	// the platform. The caller owns the slice, the certificates are shared.
	TrustAnchors() []*x509.Certificate
	// ConnectedDevices returns the hardware ids of the indirectly connected devices
	// whose secrets are provisioned, in the order of the file. The caller owns it.
	ConnectedDevices() []string

	// SignWithSecret returns the HMAC-SHA256 of data, 32 bytes, under the device's
	// own secret when hardwareID is "" or the client id, else under that of the
	// connected device. Without such a secret it is ErrNoSecret.
	SignWithSecret(hardwareID string, data []byte) ([]byte, error)
	// Signer returns the private key, ErrNoKey before activation. Its public key
	// is an *rsa.PublicKey, and it signs PKCS #1 v1.5 with SHA-256 at least.
	Signer() (crypto.Signer, error)
	// BeginActivation makes sure that this attempt is the only one and that what
	// Complete has to store can be stored; nothing must be sent to the server
	// before it has succeeded. ErrLocked, ErrReadOnly, ErrActivated. The caller
	// must Close the activation.
	BeginActivation(ctx context.Context) (Activation, error)
}

// Activation is one attempt to activate a device. Its methods are called one
// after the other: GenerateKey, then Complete or Abort, and always Close, which
// without Complete leaves the credentials as they were.
type Activation interface {
	// GenerateKey returns the key that is to be certified: RSA with public exponent
	// 65537 and bits bits, MinKeyBits…MaxKeyBits, else ErrKeySize. The key survives
	// a crash from the moment it is returned.
	//
	// A key that an earlier attempt left behind may be known to the server, so it
	// is used again rather than overwritten; it then has at least bits bits.
	// ErrPendingKey means that this is impossible.
	GenerateKey(ctx context.Context, bits int) (crypto.Signer, error)
	// Complete stores the endpoint id with the key; when it returns nil, both are
	// durable. It must not give up because ctx ends, as the server has accepted
	// already. After an error it may be called again.
	Complete(ctx context.Context, endpointID string) error
	// Abort forgets the key that this attempt generated. To be called only when the
	// server has refused the key for good; not after a request whose answer was
	// lost. A key of an earlier attempt is kept: that one may have been accepted.
	Abort() error
	// Close ends the attempt and lets others begin; a key that was neither completed
	// nor aborted stays for the next attempt. Further calls do nothing; the other
	// methods return os.ErrClosed from now on.
	Close() error
}

// Key sizes that GenerateKey accepts: the server asks for the size, and neither
// weak keys nor keys that take a small device hours are its to demand.
const (
	MinKeyBits = 2048
	MaxKeyBits = 4096
)
