package cloud

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// Cloud is a user of the server's management API, with nothing but net/http.
type Cloud struct {
	url, user, password string
	client              *http.Client
}

// Connect finds the server by the variables that iotcs-emulator exec sets.
func Connect(getenv func(string) string) (*Cloud, error) {
	ca, err := os.ReadFile(getenv("IOTCS_CA"))
	if err != nil {
		return nil, fmt.Errorf("run this inside `iotcs-emulator exec`, as this example says in its doc.go: %w", err)
	}
	password, err := os.ReadFile(getenv("IOTCS_PASSWORD_FILE"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("IOTCS_CA names no certificate")
	}
	return &Cloud{
		url: getenv("IOTCS_URL"), user: getenv("IOTCS_USER"), password: strings.TrimSpace(string(password)),
		client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}},
	}, nil
}

// Call makes one call of the management API; path is below /iot/api/v2/.
func (c *Cloud) Call(ctx context.Context, method, path, body string) (status int, answer []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, c.url+"/iot/api/v2/"+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.SetBasicAuth(c.user, c.password)
	r.Header.Set("Content-Type", "application/json")
	resp, err := c.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, answer, err
}
