package device

import (
	"fmt"
	"net/url"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// URI is the value of a URI attribute, field or argument: the address of
// content that lies outside the message. It is that of a storage object, which
// the platform keeps for the device, or an external one. The zero URI holds
// nothing and is refused by setters with [ErrEmptyURI].
type URI struct {
	text   string
	object *StorageObject // goes before text
}

// StorageURI returns the URI of a storage object, for setters: a message with it
// leaves when the content is in the store (see [Device.NewStorageObject]).
func StorageURI(o *StorageObject) URI { return URI{object: o} }

// StorageObject returns the object whose URI u is; ok is false for an external
// URI. What comes from the cloud is a storage object if it lies in the device's
// container: set a sink, or a source, and call its Sync or SyncAsync.
func (u URI) StorageObject() (o *StorageObject, ok bool) { return u.object, u.object != nil }

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

// String returns the URI as it goes over the wire; "" for the zero URI, and for
// that of a storage object as long as the server has not told where it will lie.
func (u URI) String() string {
	if u.object != nil {
		return u.object.URI()
	}
	return u.text
}

// IsZero reports whether u holds nothing.
func (u URI) IsZero() bool { return u.text == "" && u.object == nil }

// value is u as messages carry it.
func (u URI) value() wire.Value {
	if u.object != nil {
		return wire.AttachmentValue(u.object)
	}
	return wire.URIValue(u.text)
}

func uriOf(v wire.Value) URI {
	if o, ok := v.Attachment().(*StorageObject); ok {
		return URI{object: o}
	}
	return URI{text: v.Text()}
}

// checkURI refuses a URI that no message can carry.
func checkURI(value wire.Value) error {
	if o, ok := value.Attachment().(*StorageObject); ok {
		return o.Sendable()
	}
	if value.Text() == "" {
		return ErrEmptyURI
	}
	return wire.CheckText(value.Text())
}
