package content

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	maxHeaderBytes = 64 << 10 // header of an answer
	ioBuffer       = 64 << 10 // of a connection, in each direction
)

// httpTransport makes the connections to the store. It is used without an
// http.Client, so that nothing follows redirects or keeps cookies.
func (c *Config) httpTransport() *http.Transport {
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
	return &http.Transport{
		DialContext: dial,
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Scheme == "http" && isLoopback(r.URL.Hostname()) {
				return nil, nil // what is in the clear stays on this machine
			}
			return proxy(r)
		},
		TLSClientConfig:        c.tlsConfig(),
		TLSHandshakeTimeout:    c.ResponseTimeout,
		Protocols:              protocols,
		MaxIdleConnsPerHost:    c.Transfers,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ReadBufferSize:         ioBuffer,
		WriteBufferSize:        ioBuffer,
		DisableCompression:     true,
	}
}

// tlsConfig trusts the platform's roots, under which public stores are, and the
// provisioned anchors, under which private ones are (docs/protocol/storage.md §5.7).
func (c *Config) tlsConfig() *tls.Config {
	base := &tls.Config{}
	if c.TLS != nil {
		base = c.TLS.Clone()
	}
	if base.MinVersion == 0 {
		base.MinVersion = tls.VersionTLS12
	}
	anchors := c.Assets.TrustAnchors()
	if base.RootCAs != nil || len(anchors) == 0 {
		return base
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		c.Logger.Warn("the platform's root certificates cannot be read, only the provisioned anchors are trusted", "error", err)
		roots = x509.NewCertPool()
	}
	for _, a := range anchors {
		roots.AddCert(a)
	}
	base.RootCAs = roots
	return base
}

// isLoopback reports whether host names this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
