package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/transport/httpconn"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// Config is what a connection is made of.
type Config struct {
	// Assets are the device's credentials. Required.
	Assets trust.Assets
	// TLS, if not nil, is the base of the TLS configuration. Versions below 1.2
	// and switching certificate checks off are refused. RootCAs go before the
	// provisioned anchors.
	TLS *tls.Config
	// Dial, if not nil, makes connections instead of a net.Dialer. Required in
	// bubbles of testing/synctest.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Proxy chooses the proxy of a request. Default: by the environment.
	Proxy func(*http.Request) (*url.URL, error)
	// ResponseTimeout is how long a call may make no progress. Default 15 s
	// (docs/protocol/transport.md §8.1).
	ResponseTimeout time.Duration
	// LongPollOffset is how long the answer to a long poll may take beyond the
	// time that the server was asked to hold it. Default: the response timeout.
	LongPollOffset time.Duration
	// AllowDrafts lets the server make empty draft models for unknown URNs at
	// activation (docs/protocol/device-models.md §8).
	AllowDrafts bool
	// Logger gets what goes wrong. Default: nothing is logged.
	Logger *slog.Logger
}

// Errors of New.
var (
	errAssets     = errors.New("rest: no credentials given")
	errInsecure   = errors.New("rest: certificate checks cannot be switched off")
	errOldTLS     = errors.New("rest: TLS versions below 1.2 cannot be used")
	errBadTimeout = errors.New("rest: the response timeout or the long-poll offset is negative")
)

const defaultResponseTimeout = 15 * time.Second

// maxHeaderBytes bounds the header of an answer.
const maxHeaderBytes = 64 << 10

// maxIdle is how many connections are kept that are not in use. Messages and the
// long poll use two; a gateway that registers many devices at once uses more, and
// would otherwise make a connection for nearly each of them.
const maxIdle = 32

// transport builds what makes the HTTP calls of a connection.
func (c *Config) transport() (*httpconn.Transport, error) {
	tlsConfig, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	dial := c.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: c.ResponseTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	proxy := c.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return httpconn.New(&http.Transport{
		DialContext:            dial,
		Proxy:                  proxy,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    c.ResponseTimeout,
		Protocols:              protocols,
		MaxIdleConnsPerHost:    maxIdle,
		WriteBufferSize:        atOnce + 4<<10, // and the header
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
	}, atOnce), nil
}

func (c *Config) tlsConfig() (*tls.Config, error) {
	base := &tls.Config{}
	if c.TLS != nil {
		base = c.TLS.Clone()
	}
	if base.InsecureSkipVerify {
		return nil, errInsecure
	}
	if base.MinVersion != 0 && base.MinVersion < tls.VersionTLS12 || base.MaxVersion != 0 && base.MaxVersion < tls.VersionTLS12 {
		return nil, errOldTLS
	}
	if base.MinVersion == 0 {
		base.MinVersion = tls.VersionTLS12
	}
	if anchors := c.Assets.TrustAnchors(); base.RootCAs == nil && len(anchors) > 0 {
		base.RootCAs = x509.NewCertPool()
		for _, a := range anchors {
			base.RootCAs.AddCert(a)
		}
	}
	return base, nil
}

// base returns scheme, host and port of the server.
func (c *Config) base() (string, error) {
	if s := c.Assets.Scheme(); s != "https" {
		return "", fmt.Errorf("%w: the provisioning file names %s, this runtime speaks https", transport.ErrUnsupported, s)
	}
	return "https://" + net.JoinHostPort(c.Assets.Host(), strconv.Itoa(c.Assets.Port())), nil
}
