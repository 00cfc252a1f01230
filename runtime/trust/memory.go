package trust

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
)

// MemoryConfig says what a [Memory] holds and where its keys come from. Config
// stands for what a provisioning file would hold; secrets may be missing when
// SignWithSecret is set. It shows without its secrets.
type MemoryConfig struct {
	Config

	// Signer is the private key of a device that is activated already, when it lies
	// elsewhere; Key of the Config is then nil and EndpointID set. Its public key
	// must be an *rsa.PublicKey.
	Signer crypto.Signer

	// GenerateKey makes the key to be activated, for example in a TPM; nil means an
	// RSA key in memory. It must be durable when it is returned, and the same key
	// must come again until Complete or Abort: the server may know it.
	GenerateKey func(ctx context.Context, bits int) (crypto.Signer, error)

	// Complete stores the endpoint id durably; nil means that it is kept in memory
	// alone, so the device is lost with the process: for tests.
	Complete func(ctx context.Context, endpointID string) error

	// Abort forgets the key that GenerateKey made; nil means nothing to do. It is not
	// called for a key that an earlier attempt of this Memory had been given too.
	Abort func() error

	// SignWithSecret makes the HMAC-SHA256 with a secret that lies elsewhere; nil
	// means that of the Config. hardwareID is "" for the device itself. It returns
	// ErrNoSecret for ids that it does not know, and is called concurrently.
	SignWithSecret func(hardwareID string, data []byte) ([]byte, error)
}

// Memory is [Assets] without a file: for keys in a TPM or an HSM, which it reaches
// through the functions of its MemoryConfig, and for tests. It is safe for
// concurrent use and shows without its secrets.
type Memory struct{ *remembered }

type remembered struct {
	cfg     MemoryConfig
	content *content // never changes

	mu         sync.RWMutex
	endpointID string
	signer     crypto.Signer
	busy       bool          // an activation has begun
	left       crypto.Signer // the key of an attempt that ended with neither Complete nor Abort
}

var _ Assets = (*Memory)(nil)

// NewMemory checks cfg as [Create] does, *[ConfigError], and keeps copies of its
// secrets.
func NewMemory(cfg MemoryConfig) (*Memory, error) {
	plain, at := cfg.Config, secretsHere
	if cfg.SignWithSecret != nil {
		at = secretsElsewhere
	}
	if cfg.Signer != nil {
		if _, ok := cfg.Signer.Public().(*rsa.PublicKey); !ok {
			return nil, &ConfigError{Field: "Signer", Reason: "is not an RSA key"}
		}
		if plain.Key != nil || plain.Enterprise || checkID("EndpointID", plain.EndpointID) != nil {
			return nil, &ConfigError{Field: "Signer", Reason: "needs an endpoint id, and no other key beside it"}
		}
		plain.EndpointID = ""
	}
	c, err := plain.content(at)
	if err != nil {
		return nil, err
	}
	m := &remembered{cfg: cfg, content: c, endpointID: c.endpointID, signer: cfg.Signer}
	if cfg.Signer != nil {
		m.endpointID = cfg.EndpointID
	} else if c.key != nil {
		m.signer = c.key.signer
	}
	m.cfg.Config = Config{} // content has copies
	return &Memory{m}, nil
}

// Scheme implements [Assets].
func (m *Memory) Scheme() string { return m.content.server.scheme }

// Host implements [Assets].
func (m *Memory) Host() string { return m.content.server.host }

// Port implements [Assets].
func (m *Memory) Port() int { return m.content.server.port }

// ClientID implements [Assets].
func (m *Memory) ClientID() string { return m.content.clientID }

// EndpointID implements [Assets].
func (m *Memory) EndpointID() string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.endpointID
}

// TrustAnchors implements [Assets].
func (m *Memory) TrustAnchors() []*x509.Certificate { return slices.Clone(m.content.anchors) }

// ConnectedDevices implements [Assets].
func (m *Memory) ConnectedDevices() []string {
	var ids []string
	for _, d := range m.content.devices {
		ids = append(ids, d.id)
	}
	return ids
}

// SignWithSecret implements [Assets].
func (m *Memory) SignWithSecret(hardwareID string, data []byte) ([]byte, error) {
	if hardwareID == m.content.clientID {
		hardwareID = ""
	}
	if m.cfg.SignWithSecret != nil {
		return m.cfg.SignWithSecret(hardwareID, data)
	}
	secret := m.content.secretOf(hardwareID)
	if secret == nil {
		return nil, fmt.Errorf("%w for %q", ErrNoSecret, hardwareID)
	}
	return signHMAC(secret, data), nil
}

// Signer implements [Assets].
func (m *Memory) Signer() (crypto.Signer, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.signer == nil {
		return nil, fmt.Errorf("%w for %q", ErrNoKey, m.content.clientID)
	}
	return m.signer, nil
}

// BeginActivation implements [Assets]. ErrLocked while another activation of m has
// not been closed.
func (m *Memory) BeginActivation(ctx context.Context) (Activation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.endpointID != "" {
		return nil, fmt.Errorf("%w as %q", ErrActivated, m.endpointID)
	}
	if m.busy {
		return nil, fmt.Errorf("%w: close the other activation first", ErrLocked)
	}
	m.busy = true
	return &memoryAttempt{memory: m.remembered, left: m.left}, nil
}

// String shows server and ids.
func (m Memory) String() string {
	if m.remembered == nil {
		return "trust.Memory{}"
	}
	return fmt.Sprintf("trust.Memory{server: %s, client: %q, endpoint: %q}",
		m.content.server, m.content.clientID, m.EndpointID())
}

// GoString is String.
func (m Memory) GoString() string { return m.String() }

// Format writes String whatever the verb.
func (m Memory) Format(s fmt.State, _ rune) { io.WriteString(s, m.String()) }

// LogValue is String.
func (m Memory) LogValue() slog.Value { return slog.StringValue(m.String()) }
