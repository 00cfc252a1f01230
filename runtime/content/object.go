package content

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// State tells how the content of an object stands to its source or sink
// (docs/protocol/storage.md §6.1).
type State uint8

const (
	// NotInSync is the state of an object that was not transferred since its
	// source or sink was set.
	NotInSync State = iota
	// Pending is the state during a transfer, from when it is queued.
	Pending
	// InSync is the state after a transfer that ended well.
	InSync
	// Failed is the state after one that did not; [Object.Err] says why.
	Failed
)

// String gives the name that the official clients use, such as "SYNC_PENDING".
func (s State) String() string {
	switch s {
	case NotInSync:
		return "NOT_IN_SYNC"
	case Pending:
		return "SYNC_PENDING"
	case InSync:
		return "IN_SYNC"
	case Failed:
		return "SYNC_FAILED"
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// Object is a storage object: a name and a place in the store, what is known of
// the content there, and a transfer. Objects are told apart by identity: two with
// the same URI have nothing to do with each other. All methods may be called from
// any goroutine.
type Object struct {
	store    *Store
	incoming bool // came as a URI

	// Below here store.mu guards everything.
	name      string
	target    string     // escaped path in the container
	container *container // nil until known
	text      string     // the URI of an object that came as one
	props     properties
	expected  *properties // what Stat saw since the last transfer
	inStore   bool        // was seen there, or uploaded

	source   Source
	sink     Sink
	progress func(Progress)
	state    State
	err      error
	run      *run // while pending
}

// Name returns the name: without the container and the device's own prefix, with
// folders.
func (o *Object) Name() string {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	return o.name
}

// URI returns the address that messages carry. It is "" until the container is
// known, which [Store.Locate] or the first transfer brings about; then it never
// changes.
func (o *Object) URI() string {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	return o.uri()
}

func (o *Object) uri() string {
	switch {
	case o.text != "":
		return o.text
	case o.container != nil:
		return o.container.uri(o.target)
	}
	return ""
}

// referenceScheme marks what stands for a URI that is not known yet.
const referenceScheme = "storage-object:"

// Reference returns the URI, or what may stand for it in a message that is built
// before the URI is known: "storage-object:" and the path in the container. It
// has no characters that JSON escapes. Once the object is in sync URI returns
// what has to go in its place.
func (o *Object) Reference() string {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	if uri := o.uri(); uri != "" {
		return uri
	}
	return referenceScheme + o.target
}

// place sets the container in which the object lies. Once set it stays.
func (o *Object) place(c *container) error {
	switch {
	case o.container != nil && (o.container.place != c.place || o.container.path != c.path):
		return fmt.Errorf("%w: %s; the server now gives %s", ErrForeign, o.uri(), c.text)
	case o.container != nil:
		return nil
	case o.text != "":
		target, name, err := c.find(o.text)
		if err != nil {
			return err
		}
		o.target, o.name = target, name
		if prefix := o.store.config.Assets.EndpointID() + "/"; !o.store.config.NoPrefix && len(prefix) > 1 {
			o.name = strings.TrimPrefix(name, prefix)
		}
	}
	o.container = c
	return nil
}

// ContentType returns the media type: as given to [Store.NewObject] or as the
// store tells it; "" if it is not known yet.
func (o *Object) ContentType() string { return o.properties().contentType }

// Encoding returns the Content-Encoding, "" for none. Content is never encoded
// or decoded by this package: it goes both ways as it is.
func (o *Object) Encoding() string { return o.properties().encoding }

// Length returns the length in bytes of the content in the store, -1 if it is
// not known.
func (o *Object) Length() int64 { return o.properties().length }

// Date returns when the content in the store was last changed, the zero time if
// that is not known.
func (o *Object) Date() time.Time { return o.properties().when() }

// DateText returns the date as the store wrote it, "" if it is not known.
func (o *Object) DateText() string { return o.properties().date }

// Metadata returns a copy of the custom metadata: what was set, or what the store
// told last. Keys are in canonical form, such as "Shot-By".
func (o *Object) Metadata() map[string]string {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	return maps.Clone(o.props.metadata)
}

func (o *Object) properties() properties {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	return o.props
}

// State returns the state.
func (o *Object) State() State {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	return o.state
}

// Err returns why the last transfer failed, a [*TransferError], in the state
// [Failed], else nil.
func (o *Object) Err() error {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	return o.err
}

// SetSource makes the next transfer an upload from source, also of an object that
// came as a URI, and forgets a sink. The state becomes [NotInSync].
//
// Errors: [ErrPending], [ErrNoContent] for nil, that of opening a file.
func (o *Object) SetSource(source Source) error {
	if source == nil {
		return ErrNoContent
	}
	if err := source.check(); err != nil {
		return err
	}
	return o.change(func() error {
		o.source, o.sink = source, nil
		return nil
	})
}

// SetSink makes the next transfer a download to sink and forgets a source. The
// state becomes [NotInSync].
//
// Errors: [ErrPending], [ErrNoContent] for nil or an empty path, that of a path
// that no file can have.
func (o *Object) SetSink(sink Sink) error {
	if sink == nil {
		return ErrNoContent
	}
	if err := sink.check(); err != nil {
		return err
	}
	return o.change(func() error {
		o.source, o.sink = nil, sink
		return nil
	})
}

// Reset makes the state [NotInSync], so that the next Sync transfers again: after
// a failure, or because the file was changed. It fails with [ErrPending].
func (o *Object) Reset() error { return o.change(func() error { return nil }) }

// change makes a change after which the content has to be transferred again.
func (o *Object) change(f func() error) error {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	if o.state == Pending {
		return ErrPending
	}
	if err := f(); err != nil {
		return err
	}
	o.state, o.err = NotInSync, nil
	return nil
}

// SetEncoding sets the Content-Encoding of the next upload, "" for none.
//
// Errors: [ErrPending], [ErrHeader].
func (o *Object) SetEncoding(encoding string) error {
	if encoding != "" {
		if err := checkHeader("content encoding", encoding, maxHeaderValue); err != nil {
			return err
		}
	}
	return o.change(func() error {
		o.props.encoding = encoding
		return nil
	})
}

// SetMetadata sets an entry of the custom metadata for the next upload; the value
// "" removes it. Keys are names of headers, at most 128 bytes, whatever the case;
// values are printable ASCII of at most 256 bytes. An object has at most 90
// entries and 4096 bytes of them.
//
// Errors: [ErrPending], [ErrHeader].
func (o *Object) SetMetadata(key, value string) error {
	key, err := metadataKey(key)
	if err != nil {
		return err
	}
	if value != "" {
		if err := checkHeader("metadata "+key, value, maxMetadataValue); err != nil {
			return err
		}
	}
	return o.change(func() error {
		metadata := maps.Clone(o.props.metadata) // a transfer before may still show the old one
		if metadata == nil {
			metadata = make(map[string]string)
		}
		metadata[key] = value
		if value == "" {
			delete(metadata, key)
		}
		if len(metadata) > maxMetadata || metadataSize(metadata) > maxMetadataSize {
			return fmt.Errorf("%w: more than %d entries or %d bytes of metadata", ErrHeader, maxMetadata, maxMetadataSize)
		}
		o.props.metadata = metadata
		return nil
	})
}
