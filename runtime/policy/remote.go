package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// Fetcher gets policies from the server.
//
// Obligations of an implementation: path is relative to the root of the private
// API (docs/protocol/policies.md §3.2) and encoded; the request carries the
// credentials of the directly connected device or gateway. A body is read up to
// MaxDocument bytes and one more, so that a longer one shows.
type Fetcher interface {
	Get(ctx context.Context, path string) (status int, body []byte, err error)
}

var (
	// ErrStatus means that the server answered with another status than 200.
	ErrStatus = errors.New("policy: unexpected status")
	// errGone is the status of a policy that the server does not have.
	errGone = fmt.Errorf("%w %d", ErrStatus, http.StatusNotFound)
	// ErrAnswer means that an answer of the server could not be read.
	ErrAnswer = errors.New("policy: unreadable answer")
)

// remote asks the three questions that there are about policies.
type remote struct{ fetcher Fetcher }

const members = "id,pipelines,enabled,lastModified"

func modelPath(model string) string {
	return "/deviceModels/" + url.QueryEscape(model) + "/devicePolicies"
}

// lookup gives the policy document of a device, nil when it has none.
func (r remote) lookup(ctx context.Context, model, device string) (json.RawMessage, error) {
	query, err := json.Marshal(map[string]string{"devices.id": device})
	if err != nil {
		return nil, err
	}
	items, _, err := r.items(ctx, modelPath(model)+"?q="+url.QueryEscape(string(query))+"&fields="+url.QueryEscape(members))
	if err != nil || len(items) == 0 {
		return nil, err
	}
	return items[0], nil
}

// download gives one policy document.
func (r remote) download(ctx context.Context, model, id string) (json.RawMessage, error) {
	return r.get(ctx, modelPath(model)+"/"+url.QueryEscape(id)+"?fields="+url.QueryEscape(members))
}

// maxPages bounds how often a server may say that there is more.
const maxPages = 10_000

// devices gives the devices of a gateway that have a policy. The official clients
// read one page and take the devices of others for devices without the policy.
func (r remote) devices(ctx context.Context, model, id, gateway string) ([]string, error) {
	query, err := json.Marshal(map[string]string{"directlyConnectedOwner": gateway})
	if err != nil {
		return nil, err
	}
	path := modelPath(model) + "/" + url.QueryEscape(id) + "/devices?q=" + url.QueryEscape(string(query)) + "&fields=id"
	var ids []string
	next := path
	for range maxPages {
		items, more, err := r.items(ctx, next)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			var device struct {
				ID string `json:"id"`
			}
			if err := json.Unmarshal(item, &device); err != nil {
				return nil, fmt.Errorf("%w: device: %w", ErrAnswer, err)
			}
			ids = append(ids, device.ID)
		}
		if !more || len(items) == 0 {
			return ids, nil
		}
		next = path + "&offset=" + strconv.Itoa(len(ids))
	}
	return nil, fmt.Errorf("%w: more than %d pages of devices", ErrAnswer, maxPages)
}

// items reads a page of a collection and whether there are more; an empty body
// has none.
func (r remote) items(ctx context.Context, path string) (items []json.RawMessage, more bool, err error) {
	body, err := r.get(ctx, path)
	if err != nil || len(body) == 0 {
		return nil, false, err
	}
	var page struct {
		Items   []json.RawMessage `json:"items"`
		HasMore bool              `json:"hasMore"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return page.Items, page.HasMore, nil
}

func (r remote) get(ctx context.Context, path string) (json.RawMessage, error) {
	status, body, err := r.fetcher.Get(ctx, path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("policy: %w", err)
	case status == http.StatusNotFound:
		return nil, fmt.Errorf("%w of GET %s", errGone, path)
	case status != http.StatusOK:
		return nil, fmt.Errorf("%w %d of GET %s", ErrStatus, status, path)
	case len(body) > MaxDocument:
		return nil, ErrTooLarge
	}
	return body, nil
}
