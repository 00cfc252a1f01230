package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/iotcs-go/iotcs/generated/humiditysensor"
)

// cloud is a user of the server's management API, with nothing but net/http.
type cloud struct {
	url, user, password string
	client              *http.Client
}

// request is what the cloud asks the device.
type request struct{ method, path, body string }

// connect finds the server by the variables that iotcs-emulator exec sets.
func connect(getenv func(string) string) (*cloud, error) {
	ca, err := os.ReadFile(getenv("IOTCS_CA"))
	if err != nil {
		return nil, fmt.Errorf("run this inside `iotcs-emulator exec`, as `make demo` does: %w", err)
	}
	password, err := os.ReadFile(getenv("IOTCS_PASSWORD_FILE"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("IOTCS_CA names no certificate")
	}
	return &cloud{
		url: getenv("IOTCS_URL"), user: getenv("IOTCS_USER"), password: strings.TrimSpace(string(password)),
		client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}},
	}, nil
}

// call makes one call of the management API.
func (c *cloud) call(ctx context.Context, method, path, body string) (status int, answer []byte, err error) {
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

// ask sends a request to the device and waits for its answer.
func (c *cloud) ask(ctx context.Context, endpoint string, r request) (string, error) {
	path := "devices/" + endpoint + "/deviceModels/" + url.PathEscape(humiditysensor.URN) + "/" + r.path + "?iot.sync"
	status, answer, err := c.call(ctx, r.method, path, r.body)
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, answer)), err
}

// show prints the data and alerts that the server has of the device, oldest
// first; there must be n.
func (c *cloud) show(ctx context.Context, out io.Writer, endpoint string, n int) error {
	status, answer, err := c.call(ctx, http.MethodGet, "messages?limit=200&device="+url.QueryEscape(endpoint), "")
	if err != nil {
		return err
	}
	var page struct {
		Items []struct {
			Type      string
			EventTime int64
			Payload   struct{ Data json.RawMessage }
		}
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return fmt.Errorf("messages: status %d: %w", status, err)
	}
	found := 0
	for i := len(page.Items) - 1; i >= 0; i-- {
		if m := page.Items[i]; m.Type == "DATA" || m.Type == "ALERT" {
			fmt.Fprintf(out, "   cloud:  got %-5s %s\n", m.Type, m.Payload.Data)
			found++
		}
	}
	if found != n {
		return fmt.Errorf("the server has %d messages of the device, not %d", found, n)
	}
	return nil
}
