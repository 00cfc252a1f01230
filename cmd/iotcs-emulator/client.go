package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/iotcs-go/iotcs/internal/secrets"
)

const (
	statusConflict = http.StatusConflict
	callTimeout    = 30 * time.Second
	maxAnswer      = 32 << 20 // bytes
)

// cloud makes management calls to a running emulator.
type cloud struct {
	info     readyInfo
	password string
	client   *http.Client
	anchors  []byte
}

// refusal is an answer with an error status.
type refusal struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%s (%d %s)", r.Detail, r.Status, r.Title) }

func (p *program) cloud(readyFile string) (*cloud, error) {
	info, err := p.running(readyFile)
	if err != nil {
		return nil, err
	}
	password, err := secrets.ReadLine(info.PasswordFile, "the password")
	if err != nil {
		return nil, err
	}
	anchors, err := os.ReadFile(info.CA)
	if err != nil {
		return nil, fmt.Errorf("the certificate of the emulator: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(anchors) {
		return nil, fmt.Errorf("the certificate of the emulator: %s holds none", info.CA)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	return &cloud{info, string(password), &http.Client{Transport: transport, Timeout: callTimeout}, anchors}, nil
}

// call makes one call. It fails with a *refusal when the emulator says no; answer may be nil.
func (c *cloud) call(ctx context.Context, method, path string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.info.URL+"/iot/api/v2"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.SetBasicAuth(c.info.User, c.password)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	response, err := c.client.Do(request)
	if err != nil {
		return fmt.Errorf("the emulator does not answer: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("the emulator does not answer: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		r := new(refusal)
		if err := json.Unmarshal(text, r); err != nil || r.Detail == "" {
			return fmt.Errorf("the emulator answers %s", response.Status)
		}
		return r
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("the emulator's answer: %w", err)
	}
	return nil
}
