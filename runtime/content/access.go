package content

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/transport"
)

const (
	accessPath  = "provisioner/storage"
	accessLimit = 64 << 10 // bytes of the answer
	maxToken    = 8 << 10  // bytes
)

// permit is the leave to make requests to a container: one token. Servers that
// sign each request on its own would need another sign, nothing else.
type permit struct {
	container *container
	token     string
	since     time.Time
}

// sign makes a request one that the store accepts.
func (p *permit) sign(r *http.Request) { r.Header["X-Auth-Token"] = []string{p.token} }

// access keeps the current permit. One call at a time fetches a new one; others
// wait for it and share its outcome.
type access struct {
	conn     transport.Conn
	insecure bool
	maxAge   time.Duration // negative: without end
	turn     chan struct{} // held by the one that fetches

	mu      sync.Mutex
	current *permit
	last    *container // of the newest permit, also after that was refused
	fetches int        // calls that have ended
	failure error      // of the last one
}

// permit returns one that is good for use, fetching it if needed.
func (a *access) permit(ctx context.Context) (*permit, error) {
	p, seen, _ := a.peek()
	if p != nil {
		return p, nil
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	p, fetches, failure := a.peek()
	switch {
	case p != nil:
		return p, nil
	case fetches != seen && failure != nil:
		return nil, failure // of a call made while this one waited
	}
	p, err := a.fetch(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx) // says nothing about others
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fetches++
	a.failure = err
	if err != nil {
		return nil, err
	}
	a.current, a.last = p, p.container
	return p, nil
}

// peek returns the current permit, nil if there is none or it is too old.
func (a *access) peek() (p *permit, fetches int, failure error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p = a.current
	if p != nil && a.maxAge >= 0 && time.Since(p.since) >= a.maxAge {
		p = nil
	}
	return p, a.fetches, a.failure
}

// refused forgets a permit that the store did not accept, and reports whether it
// was still the current one.
func (a *access) refused(p *permit) (current bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current != p {
		return false
	}
	a.current = nil
	return true
}

// container is the one known last, nil before the first permit.
func (a *access) container() *container {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last
}

// fetch asks the server for a permit (docs/protocol/storage.md §2).
func (a *access) fetch(ctx context.Context) (*permit, error) {
	body, err := a.conn.Get(ctx, transport.Resource{Path: accessPath, Limit: accessLimit})
	var status *transport.StatusError
	switch {
	case errors.As(err, &status) && !errors.Is(err, transport.ErrUnauthorized),
		errors.Is(err, transport.ErrTooLarge), errors.Is(err, transport.ErrMalformed):
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	case err != nil:
		return nil, err
	}
	p, err := parsePermit(body, a.insecure)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	p.since = time.Now()
	return p, nil
}

// parsePermit reads the answer of the server. No error quotes the token.
func parsePermit(body []byte, insecure bool) (*permit, error) {
	var answer struct {
		StorageContainerURL *string `json:"storageContainerUrl"`
		AuthToken           *string `json:"authToken"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return nil, fmt.Errorf("%w: not a JSON object of texts", transport.ErrMalformed)
	}
	if answer.StorageContainerURL == nil || answer.AuthToken == nil {
		return nil, fmt.Errorf("%w: storageContainerUrl or authToken is missing", transport.ErrMalformed)
	}
	if checkHeader("token", *answer.AuthToken, maxToken) != nil {
		return nil, fmt.Errorf("%w: authToken is empty, too long or not printable", transport.ErrMalformed)
	}
	c, err := parseContainer(*answer.StorageContainerURL, insecure)
	if err != nil {
		return nil, err
	}
	return &permit{container: c, token: *answer.AuthToken}, nil
}
