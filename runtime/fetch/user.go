package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
)

// UserConfig says how to reach a server as a user.
type UserConfig struct {
	URL      string // https://host[:port]
	User     string
	Password string
	// Roots are the certificates to trust; nil stands for the platform's.
	Roots *x509.CertPool
	// Dial, if not nil, makes connections.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Bounds on what a server may send.
const (
	pageLimit = 16 << 20 // bytes of one page or model
	pageSize  = 200      // the largest page of the platform (docs/protocol/configuration.md §11)
	maxModels = 100_000
	callLimit = 2 * time.Minute
)

var (
	errURL      = errors.New("the server is given as https://host[:port]")
	errTooMany  = errors.New("the server lists more device models than can be")
	errNoFinish = errors.New("the server's list of device models does not end")
)

// user reads models through the management API, with basic authentication.
type user struct {
	config UserConfig
	base   *url.URL
	http   *http.Client
}

// AsUser returns the source of a user. Only https is spoken; redirects are not
// followed. It makes no call.
func AsUser(config UserConfig) (Source, error) {
	base, err := url.Parse(config.URL)
	if err != nil || base.Scheme != "https" || base.Host == "" || strings.Trim(base.Path, "/") != "" || base.User != nil {
		return nil, fmt.Errorf("%q: %w", config.URL, errURL)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &user{config: config, base: base, http: &http.Client{
		Timeout: callLimit,
		Transport: &http.Transport{
			DialContext:            config.Dial,
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: config.Roots},
			Protocols:              protocols,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func (u *user) Model(ctx context.Context, urn string) ([]byte, error) {
	body, err := u.get(ctx, "/iot/api/v2/deviceModels/"+url.PathEscape(urn), "expand=formats")
	var status *transport.StatusError
	if errors.As(err, &status) && status.Status == http.StatusNotFound {
		return nil, fmt.Errorf("%w: %w", rest.ErrModelNotFound, err)
	}
	return body, err
}

// List reads page after page.
func (u *user) List(ctx context.Context) ([]string, error) {
	var urns []string
	for {
		body, err := u.get(ctx, "/iot/api/v2/deviceModels", fmt.Sprintf("offset=%d&limit=%d", len(urns), pageSize))
		if err != nil {
			return nil, err
		}
		var page struct {
			Items   []struct{ URN string }
			HasMore bool
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, fmt.Errorf("list of device models: %w: %w", transport.ErrMalformed, err)
		}
		for _, item := range page.Items {
			urns = append(urns, item.URN)
		}
		switch {
		case !page.HasMore:
			slices.Sort(urns)
			return slices.Compact(urns), nil
		case len(page.Items) == 0:
			return nil, errNoFinish
		case len(urns) > maxModels:
			return nil, errTooMany
		}
	}
}

func (u *user) Close() error {
	u.http.CloseIdleConnections()
	return nil
}

// get makes one call.
func (u *user) get(ctx context.Context, path, query string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+u.base.Host+path+"?"+query, nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(u.config.User, u.config.Password)
	req.Header.Set("Accept", "application/json")
	resp, err := u.http.Do(req)
	if err != nil {
		if errors.As(err, new(*tls.CertificateVerificationError)) {
			return nil, fmt.Errorf("%w: %w", transport.ErrCertificate, err)
		}
		return nil, fmt.Errorf("%w: %w", transport.ErrUnreachable, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, pageLimit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", transport.ErrUnreachable, err)
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return nil, fmt.Errorf("%w: %w", transport.ErrUnauthorized, &transport.StatusError{Method: req.Method, Path: path, Status: resp.StatusCode})
	case resp.StatusCode != http.StatusOK:
		return nil, &transport.StatusError{Method: req.Method, Path: path, Status: resp.StatusCode}
	case len(body) > pageLimit:
		return nil, fmt.Errorf("GET %s: %w", path, transport.ErrTooLarge)
	}
	return body, nil
}
