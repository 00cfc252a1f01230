package rest

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

const (
	policyLimit     = 1 << 20  // bytes of the activation policy
	activationLimit = 64 << 10 // bytes of an activation answer
)

var (
	// ErrPolicy says that the server's activation policy asks for what this
	// runtime does not do: anything but RSA keys of 2048 to 4096 bits and
	// SHA256withRSA.
	ErrPolicy = errors.New("the server's activation policy is not supported")
	// ErrActivationRefused says that the server refused the activation itself.
	ErrActivationRefused = errors.New("the server refuses the activation")
	// ErrActivationUnknown says that the activation was sent and no answer came
	// that tells its fate. The key is kept beside the provisioning file: activate
	// again, or, if the server has activated the device, complete it with the
	// endpoint id that the server shows (iotcs-provision complete).
	ErrActivationUnknown = errors.New("the activation was sent, its answer was lost")
)

// activationPolicy is what the server wants for keys.
type activationPolicy struct {
	KeyType       string `json:"keyType"`
	KeySize       int    `json:"keySize"`
	HashAlgorithm string `json:"hashAlgorithm"`
}

// Activate makes the device known to the server with the given device models and
// capabilities and stores endpoint id and key (docs/protocol/transport.md §5, §6).
// Nothing is sent before it is certain that they can be stored, and the key is
// stored before the server can learn of it.
//
// Errors: [trust.ErrActivated], [trust.ErrLocked], [trust.ErrReadOnly],
// [ErrRefused], [ErrPolicy], [ErrActivationRefused], [ErrActivationUnknown],
// those of the connection.
func (c *Client) Activate(ctx context.Context, urns []string) (endpointID string, err error) {
	attempt, err := c.assets.BeginActivation(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, attempt.Close()) }()
	c.tokens.drop(nil)
	policy, err := c.policy(ctx)
	if err != nil {
		return "", err
	}
	key, err := attempt.GenerateKey(ctx, policy.KeySize)
	if err != nil {
		return "", err
	}
	endpointID, err = c.activateDirectly(ctx, key, policy, urns)
	if err != nil {
		if errors.Is(err, ErrActivationRefused) {
			err = errors.Join(err, attempt.Abort())
		}
		return "", err
	}
	// The server has accepted: what follows must not be given up.
	if err := attempt.Complete(context.WithoutCancel(ctx), endpointID); err != nil {
		return "", fmt.Errorf("the server activated the device as %s, but that could not be stored: %w", endpointID, err)
	}
	c.tokens.drop(nil)
	return endpointID, nil
}

// policy fetches the activation policy and refuses what is not supported.
func (c *Client) policy(ctx context.Context) (activationPolicy, error) {
	r := request{
		method: http.MethodGet,
		path:   "/iot/api/v2/activation/policy",
		query:  "OSName=" + url.QueryEscape(runtime.GOOS) + "&OSVersion=" + url.QueryEscape(osVersion()),
		limit:  policyLimit,
	}
	a, err := c.call(ctx, r)
	if err != nil {
		return activationPolicy{}, err
	}
	body, err := a.expect(r, http.StatusOK)
	if err != nil {
		return activationPolicy{}, err
	}
	return parsePolicy(body)
}

func parsePolicy(body []byte) (p activationPolicy, err error) {
	if err := json.Unmarshal(body, &p); err != nil {
		return p, fmt.Errorf("activation policy: %w: %w", transport.ErrMalformed, err)
	}
	if p.KeyType != "RSA" || p.HashAlgorithm != "SHA256withRSA" || p.KeySize < trust.MinKeyBits || p.KeySize > trust.MaxKeyBits {
		return p, fmt.Errorf("%w: key type %.20q of %d bits with %.30q", ErrPolicy, p.KeyType, p.KeySize, p.HashAlgorithm)
	}
	return p, nil
}

// osVersion is the release of the kernel where it can be read.
func osVersion() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

type directActivation struct {
	Info struct {
		Subject   string `json:"subject"`
		PublicKey struct {
			Algorithm string `json:"algorithm"`
			Key       string `json:"publicKey"`
			Format    string `json:"format"`
			Hash      string `json:"secretHashAlgorithm"`
		} `json:"subjectPublicKeyInfo"`
		Attributes struct{} `json:"attributes"`
	} `json:"certificationRequestInfo"`
	SignatureAlgorithm string   `json:"signatureAlgorithm"`
	Signature          string   `json:"signature"`
	DeviceModels       []string `json:"deviceModels"`
}

// activateDirectly sends the activation and reads its answer.
func (c *Client) activateDirectly(ctx context.Context, key crypto.Signer, policy activationPolicy, urns []string) (string, error) {
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return "", fmt.Errorf("encode the public key: %w", err)
	}
	id := c.assets.ClientID()
	mac, err := c.assets.SignWithSecret("", []byte(id))
	if err != nil {
		return "", fmt.Errorf("sign with the secret: %w", err)
	}
	var d directActivation
	d.Info.Subject = id
	d.Info.PublicKey.Algorithm, d.Info.PublicKey.Format, d.Info.PublicKey.Hash = policy.KeyType, "X.509", "HmacSHA256"
	d.Info.PublicKey.Key = base64.StdEncoding.EncodeToString(public)
	signature, err := trust.SignSHA256(key, activationBytes(id, policy.KeyType, mac, public))
	if err != nil {
		return "", fmt.Errorf("sign the activation: %w", err)
	}
	d.SignatureAlgorithm, d.Signature = policy.HashAlgorithm, base64.StdEncoding.EncodeToString(signature)
	d.DeviceModels = urns
	body, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("encode the activation: %w", err)
	}
	return c.sendActivation(ctx, body)
}

// activationBytes are the bytes that the activation's signature covers
// (docs/protocol/transport.md §6).
func activationBytes(subject, algorithm string, mac, publicKey []byte) []byte {
	text := subject + "\n" + algorithm + "\nX.509\nHmacSHA256\n"
	return append(append([]byte(text), mac...), publicKey...)
}

func (c *Client) sendActivation(ctx context.Context, body []byte) (string, error) {
	r := request{
		method: http.MethodPost,
		path:   "/iot/api/v2/activation/direct",
		query:  c.draftQuery(),
		body:   body,
		limit:  activationLimit,
		once:   true,
	}
	a, err := c.call(ctx, r)
	if err != nil {
		if errors.Is(err, transport.ErrUnauthorized) || errors.Is(err, ErrRefused) {
			return "", fmt.Errorf("%w: %w", ErrActivationRefused, err)
		}
		return "", fmt.Errorf("%w: %w", ErrActivationUnknown, err)
	}
	switch {
	case a.status == http.StatusOK:
		id, err := parseActivation(a.body)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrActivationUnknown, err)
		}
		return id, nil
	case a.status >= 400 && a.status < 500:
		return "", fmt.Errorf("%w: %w", ErrActivationRefused, a.failure(r))
	}
	return "", fmt.Errorf("%w: %w", ErrActivationUnknown, a.failure(r))
}

func (c *Client) draftQuery() string {
	if c.drafts {
		return ""
	}
	return "createDraft=false"
}

// parseActivation reads the endpoint id out of an activation answer.
func parseActivation(body []byte) (string, error) {
	var a struct {
		EndpointID    string `json:"endpointId"`
		EndpointState string `json:"endpointState"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return "", fmt.Errorf("activation: %w: %w", transport.ErrMalformed, err)
	}
	if !headerText(a.EndpointID) || len(a.EndpointID) > 255 {
		return "", fmt.Errorf("activation: %w: endpointId is missing or holds characters that no header takes", transport.ErrMalformed)
	}
	if a.EndpointState != "ACTIVATED" {
		return "", fmt.Errorf("activation: %w: endpointState is %.40q", transport.ErrMalformed, a.EndpointState)
	}
	return a.EndpointID, nil
}
