package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"

	"github.com/iotcs-go/iotcs/emulator/internal/activation"
	"github.com/iotcs-go/iotcs/emulator/internal/conformance"
	"github.com/iotcs-go/iotcs/emulator/internal/mailbox"
	"github.com/iotcs-go/iotcs/emulator/internal/objects"
	"github.com/iotcs-go/iotcs/emulator/internal/query"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
)

// Problem is a refusal as the platform words it: the body of every answer with an error status (docs/protocol/management-api.md §1.3).
type Problem struct {
	Status int    // HTTP status
	Detail string // what is wrong, for people

	currentTime int64 // ms since the epoch, in the answers of the token call
	cause       error
}

// Error gives the status and the detail.
func (p *Problem) Error() string {
	return fmt.Sprintf("emulator: %d %s: %s", p.Status, http.StatusText(p.Status), p.Detail)
}

// Unwrap gives the error behind the problem, nil if there is none.
func (p *Problem) Unwrap() error { return p.cause }

func problem(status int, format string, args ...any) *Problem {
	err := fmt.Errorf(format, args...)
	return &Problem{Status: status, Detail: err.Error(), cause: errors.Unwrap(err)}
}

// problemAbout words an error as one about a thing.
func problemAbout(thing string, err error) *Problem {
	p := problemOf(err)
	if p.Status == http.StatusConflict {
		return &Problem{Status: p.Status, Detail: thing + " exists already", cause: err}
	}
	return p
}

// statuses says which error means which status. What is not here is the server's own fault.
var statuses = []struct {
	err    error
	status int
}{
	{registry.ErrNotFound, http.StatusNotFound},
	{registry.ErrExists, http.StatusConflict},
	{registry.ErrFull, http.StatusServiceUnavailable},
	{mailbox.ErrUnknown, http.StatusNotFound},
	{mailbox.ErrTooLarge, http.StatusRequestEntityTooLarge},
	{mailbox.ErrFull, http.StatusServiceUnavailable},
	{objects.ErrNotFound, http.StatusNotFound},
	{objects.ErrName, http.StatusBadRequest},
	{objects.ErrHeader, http.StatusBadRequest},
	{objects.ErrTooLarge, http.StatusRequestEntityTooLarge},
	{objects.ErrQuota, http.StatusRequestEntityTooLarge},
	{objects.ErrFull, http.StatusInsufficientStorage},
	{objects.ErrClosed, http.StatusServiceUnavailable},
	{syscall.ENOSPC, http.StatusInsufficientStorage},
	{query.ErrFilter, http.StatusBadRequest},
	{query.ErrParameter, http.StatusBadRequest},
	{activation.ErrMalformed, http.StatusBadRequest},
	{conformance.ErrUnknown, http.StatusNotFound},
	{conformance.ErrReadOnly, http.StatusMethodNotAllowed},
	{conformance.ErrValue, http.StatusBadRequest},
}

// problemOf finds the problem that an error means.
func problemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return problem(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	}
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			return &Problem{Status: s.status, Detail: err.Error(), cause: err}
		}
	}
	return &Problem{Status: http.StatusInternalServerError, Detail: "the server failed; its log tells more", cause: err}
}

// problemBody is the JSON of a problem.
type problemBody struct {
	Type        string `json:"type"`
	Title       string `json:"title"`
	Status      int    `json:"status"`
	Detail      string `json:"detail"`
	Instance    string `json:"instance,omitempty"`
	Code        string `json:"o:errorCode"`
	CurrentTime int64  `json:"currentTime,omitempty"`
}

func (p *Problem) body(instance string) []byte {
	title := http.StatusText(p.Status)
	text, err := json.Marshal(problemBody{
		Type:        rfcSection(p.Status),
		Title:       title,
		Status:      p.Status,
		Detail:      p.Detail,
		Instance:    instance,
		Code:        "urn:oracle:cloud:" + side(p.Status) + ":error:" + strings.ReplaceAll(strings.ToLower(title), " ", "-"),
		CurrentTime: p.currentTime,
	})
	if err != nil { // strings and numbers always have a JSON form
		return []byte("{}")
	}
	return text
}

func side(status int) string {
	if status >= http.StatusInternalServerError {
		return "server"
	}
	return "client"
}

// rfcSection names the section of RFC 2616 that describes a status, as the platform does.
func rfcSection(status int) string {
	const page = "http://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10."
	switch {
	case status >= 400 && status <= 417:
		return page + "4." + strconv.Itoa(status-399)
	case status >= 500 && status <= 505:
		return page + "5." + strconv.Itoa(status-499)
	}
	return "about:blank"
}
