package device

import (
	"fmt"
	"net/url"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// URI is the value of a URI attribute, field or argument: the address of
// content that lies outside the message. The zero URI holds nothing and is
// refused by setters with [ErrEmptyURI].
type URI struct {
	text string
}

// ExternalURI returns the URI of content that lies anywhere, checked for form.
// It fails if text is empty, longer than 65,535 bytes, not valid UTF-8 or no URI.
func ExternalURI(text string) (URI, error) {
	if text == "" {
		return URI{}, ErrEmptyURI
	}
	if err := wire.CheckText(text); err != nil {
		return URI{}, err
	}
	if _, err := url.Parse(text); err != nil {
		return URI{}, fmt.Errorf("not a URI: %w", err)
	}
	return URI{text: text}, nil
}

// String returns the URI as it goes over the wire; "" for the zero URI.
func (u URI) String() string { return u.text }

// IsZero reports whether u holds nothing.
func (u URI) IsZero() bool { return u.text == "" }
