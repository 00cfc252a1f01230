package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/iotcs-go/iotcs/runtime/content"
)

// StorageObject is content in the platform's object store: a name, a URI, and a
// transfer between the store and a source or sink of the program. Its methods are
// those of content.Object; among them
//
//   - Sync transfers and waits, SyncAsync does not wait and calls back;
//   - SetSink makes an object that came from the cloud ready for download;
//   - State, Err, OnProgress and Cancel tell about a transfer and end it;
//   - Reset makes an object ready for another transfer, also after a failure.
type StorageObject = content.Object

// StorageProgress tells how far a transfer is.
type StorageProgress = content.Progress

// TransferError says why the content of a storage object was not transferred. The
// conditions in its chain are the Err variables of package content.
type TransferError = content.TransferError

// TransfersLeftError is in what [Device.Close] returns when transfers were cut off.
type TransfersLeftError = content.LeftError

// Source is where the content of an upload comes from.
type Source = content.Source

// Sink is where the content of a download goes.
type Sink = content.Sink

// FromFile is the content of a regular file, as it is when the transfer begins.
func FromFile(path string) Source { return content.FromFile(path) }

// FromBytes is content in memory, which must not be changed before the transfer
// has ended.
func FromBytes(b []byte) Source { return content.FromBytes(b) }

// FromReader is content of length bytes, -1 if that is not known. A transfer that
// has to start again fails unless r is an io.Seeker.
func FromReader(r io.Reader, length int64) Source { return content.FromReader(r, length) }

// ToFile puts a download into a file, which takes its name when the content is
// complete and checked. A failed download leaves the old file.
func ToFile(path string) Sink { return content.ToFile(path) }

// ToWriter writes a download to w as it comes, before it is checked.
func ToWriter(w io.Writer) Sink { return content.ToWriter(w) }

// WithStorageHost sets the part of a host name that marks URIs of storage objects
// before the device has learned its container; afterwards the container decides.
// Default "storage.oraclecloud.com" (docs/protocol/storage.md §4.3).
func WithStorageHost(host string) Option {
	return func(c *config) error {
		if host == "" {
			return errors.New("storage host: empty, every host would match")
		}
		c.storage.Host = host
		return nil
	}
}

// WithStoragePrefix puts the endpoint id of the device or gateway before the names
// of new storage objects. Without it all devices of a container share its names.
// Default true (docs/protocol/storage.md §3).
func WithStoragePrefix(on bool) Option {
	return func(c *config) error {
		c.storage.NoPrefix = !on
		return nil
	}
}

// WithStorageAttempts sets how often content is sent or asked for at most when
// connections break or checksums differ. Default 2 (docs/protocol/storage.md §5.4).
func WithStorageAttempts(n int) Option {
	return positive("storage attempts", n, func(c *config) { c.storage.Attempts = n })
}

// WithStoragePatience sets how long a transfer is tried again, with growing
// pauses, while the store or the server cannot be reached or is busy. The messages
// that wait for an upload wait as long. 0, the default: such a failure ends the
// transfer.
func WithStoragePatience(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return fmt.Errorf("storage patience %v: %w", d, errNegative)
		}
		c.storage.Patience = d
		return nil
	}
}

// WithStorageTokenAge sets the age at which the token of the store is renewed
// before it is used. Default 30 minutes (docs/protocol/storage.md §2).
func WithStorageTokenAge(d time.Duration) Option {
	return positive("storage token age", d, func(c *config) { c.storage.TokenAge = d })
}

// WithStorageQueueSize sets how many transfers may wait. Default 50.
func WithStorageQueueSize(n int) Option {
	return positive("storage queue size", n, func(c *config) { c.storage.QueueSize = n })
}

// WithStorageTransfers sets how many transfers are under way at once, at most 64.
// Default 4.
func WithStorageTransfers(n int) Option {
	return positive("storage transfers", n, func(c *config) { c.storage.Transfers = n })
}

// WithInsecureStorage allows plain HTTP to an object store on another machine.
// Content and token are then open to everybody on the way.
func WithInsecureStorage() Option {
	return func(c *config) error {
		c.storage.Insecure = true
		return nil
	}
}

// openStorage makes the device's side of the object store, which makes no call
// before the first transfer.
func (d *Device) openStorage() (*content.Store, error) {
	config := d.config.storage
	config.Conn, config.Assets = d.conn, d.assets
	config.TLS, config.Dial, config.Proxy = d.config.rest.TLS, d.config.rest.Dial, d.config.rest.Proxy
	config.ResponseTimeout = d.config.rest.ResponseTimeout
	config.Logger = d.component("storage")
	return content.New(config)
}

// NewStorageObject returns an object that is to be uploaded. name may hold
// folders, separated by "/"; contentType "" stands for application/octet-stream;
// source may be nil and set later. Nothing is sent yet: the upload begins with
// Sync or SyncAsync, or when the object is given to a setter, an alert or data
// with [StorageURI].
//
// A message leaves when all of its objects are in the store. Until then later DATA
// of the same endpoint waits with it; alerts, answers and other endpoints do not.
// If an upload fails that message is given up with a [*TransferError], which the
// error hooks get, and the others go on. Setters refuse an object without source
// and one whose upload has failed.
//
// Errors: [ErrNotActivated], [ErrClosed], that of opening a file, and
// content.ErrName and content.ErrHeader for what cannot be a name or a type.
func (d *Device) NewStorageObject(name, contentType string, source Source) (*StorageObject, error) {
	if _, err := d.running(); err != nil {
		return nil, fmt.Errorf("storage object %q: %w", name, err)
	}
	o, err := d.storage.NewObject(name, contentType, source)
	if err != nil {
		return nil, fmt.Errorf("storage object %q: %w", name, err)
	}
	return o, nil
}

// StorageObject returns the storage object that a URI names. For values of virtual
// devices [URI.StorageObject] does: this is for URIs that the program has from
// elsewhere. It makes no call.
//
// Errors: content.ErrForeign for an external URI, [ErrNotActivated], [ErrClosed].
func (d *Device) StorageObject(u URI) (*StorageObject, error) {
	if _, err := d.running(); err != nil {
		return nil, err
	}
	if u.object != nil {
		return u.object, nil
	}
	return d.storage.Existing(u.text)
}

// LocateStorage asks the server for the device's container, unless it is known:
// what comes from the cloud afterwards is recognized by it and not by the host.
//
// Errors: content.ErrUnavailable, [ErrNotActivated], [ErrClosed], [ErrUnreachable]
// and the others of the connection, the context's.
func (d *Device) LocateStorage(ctx context.Context) error {
	if _, err := d.running(); err != nil {
		return err
	}
	return d.storage.Locate(ctx)
}
