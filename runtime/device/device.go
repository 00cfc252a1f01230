package device

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Device is a directly connected device: its connection, its send queue and the
// virtual devices on it. All methods may be called from any goroutine.
//
// An activated device needs no server to be opened: virtual devices are made,
// values accepted and queued, and everything is sent once the server is there.
type Device struct {
	config config
	assets trust.Assets
	conn   *rest.Client
	log    *slog.Logger
	drift  *driftCheck
	outbox *outbox.Log // nil without WithOutbox

	storage *content.Store

	metrics      *metrics  // nil without meter provider
	policies     *policies // nil until activated
	diagnostics  diagnostics
	connectivity connectivity

	activating sync.Mutex // held by Activate

	mu         sync.Mutex
	closing    bool                 // Close has begun: nothing new is attached
	closed     bool                 // Close has ended
	dispatcher *dispatch.Dispatcher // nil until activated
	virtuals   map[virtualKey]*Virtual
	models     map[string]*Model
	hooks      hooks
}

var _ Client = (*Device)(nil)

// virtualKey names a virtual device.
type virtualKey struct{ endpoint, urn string }

// hooks are the application's.
type hooks struct {
	delivered func([]*wire.Encoded)
	failed    func(*wire.Encoded, error)
	state     func(from, to Status)
}

// Open opens the device whose provisioning file is conf. A passphrase given as
// bytes is overwritten with zeros before Open returns. It makes no call to the
// server.
//
// Errors: [ErrPassphrase] and the other errors of [trust.Open],
// [ErrTransportUnsupported], an invalid option; with an outbox [ErrOutboxLocked],
// [ErrOutboxVersion], [ErrDiskFull] and those of the file system.
func Open[P string | []byte](ctx context.Context, conf string, passphrase P, opts ...Option) (*Device, error) {
	secret := []byte(passphrase) // of a []byte: the caller's own
	defer trust.Wipe(secret)
	assets, err := trust.Open(conf, secret)
	if err != nil {
		return nil, err
	}
	return OpenAssets(ctx, assets, opts...)
}

// OpenAssets opens a device with credentials from elsewhere, such as a TPM.
func OpenAssets(ctx context.Context, assets trust.Assets, opts ...Option) (*Device, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d := &Device{assets: assets, virtuals: make(map[virtualKey]*Virtual), models: make(map[string]*Model)}
	for _, o := range opts {
		if err := o(&d.config); err != nil {
			return nil, fmt.Errorf("device: %w", err)
		}
	}
	d.hooks.failed = failedHook(d.config.undelivered)
	d.log = d.config.log
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if err := d.checkDispatch(); err != nil {
		return nil, err
	}
	var err error
	if d.conn, err = d.connect(); err != nil {
		return nil, err
	}
	if d.storage, err = d.openStorage(); err != nil {
		return nil, errors.Join(err, d.conn.Close())
	}
	if err := d.openOutbox(); err != nil {
		return nil, errors.Join(err, d.conn.Close())
	}
	if d.metrics, err = newMetrics(d); err != nil {
		return nil, errors.Join(err, d.conn.Close(), d.closeOutbox())
	}
	d.drift = newDriftCheck(d)
	d.connectivity.d = d
	if id := assets.EndpointID(); id != "" {
		if err := d.start(id); err != nil {
			return nil, errors.Join(err, d.metrics.stop(), d.conn.Close(), d.closeOutbox())
		}
	}
	return d, nil
}

// connect makes the connection, which makes no call yet.
func (d *Device) connect() (*rest.Client, error) {
	config := d.config.rest
	config.Assets = d.assets
	config.Logger = d.component("transport")
	return rest.New(config)
}

// checkDispatch refuses options that the dispatcher would refuse when it starts,
// which may be much later.
func (d *Device) checkDispatch() error {
	config := d.config.dispatch
	return config.Check()
}

// start runs the dispatcher of the activated device and announces what the
// device serves.
func (d *Device) start(endpointID string) error {
	config := d.config.dispatch
	config.Conn = d.metrics.start(endpointID, d.conn)
	config.Endpoint = endpointID
	config.Now = d.Now
	config.Renew = d.renew
	config.Reporter = reporter{d}
	config.Logger = d.component("dispatcher")
	if d.outbox != nil {
		config.Store = d.outbox
	}
	dispatcher, err := dispatch.New(config)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.dispatcher = dispatcher
	d.policies = newPolicies(d, endpointID)
	d.mu.Unlock()
	d.diagnostics = diagnostics{set: d.config.diagnostics, started: d.Now()}
	d.drift.start()
	return d.announce(dispatcher, endpointID)
}

// IsActivated reports whether the device has an endpoint id.
func (d *Device) IsActivated() bool { return d.assets.EndpointID() != "" }

// EndpointID returns the id that the server gave the device, "" before activation.
func (d *Device) EndpointID() string { return d.assets.EndpointID() }

// ActivationID returns the id under which the device was registered.
func (d *Device) ActivationID() string { return d.assets.ClientID() }

// Capabilities that every device announces at activation, as the official
// clients do (docs/protocol/transport.md §6).
const (
	capabilityPrefix     = "urn:oracle:iot:dcd:capability:"
	capabilityDirect     = capabilityPrefix + "direct_activation"
	capabilityDispatcher = capabilityPrefix + "message_dispatcher"
	capabilityDiagnostic = capabilityPrefix + "diagnostics"
	capabilityPolicy     = capabilityPrefix + "device_policy"
)

// Activate makes the device known to the server with the given device models.
// Nothing is sent before it is certain that the outcome can be stored, and the
// key is stored before the server learns of it, so that no activation is lost.
//
// Errors: [ErrActivated], [ErrLocked], [ErrReadOnly], [ErrRefused],
// [ErrActivationRefused], [ErrActivationUnknown], [ErrUnreachable],
// [ErrCertificate], [ErrClock], [ErrClosed], the context's.
func (d *Device) Activate(ctx context.Context, modelURNs ...string) error {
	d.activating.Lock()
	defer d.activating.Unlock()
	if d.isClosing() {
		return ErrClosed
	}
	urns := append([]string(nil), modelURNs...)
	urns = append(urns, capabilityDirect, capabilityDiagnostic, capabilityDispatcher, capabilityPolicy)
	if d.config.gateway {
		urns = append(urns, capabilityIndirect)
	}
	id, err := d.conn.Activate(ctx, urns)
	if err != nil {
		return fmt.Errorf("activate %s: %w", d.assets.ClientID(), err)
	}
	d.component("activation").Info("activated", "activation id", d.assets.ClientID(), "endpoint id", id)
	return d.start(id)
}

func (d *Device) isClosing() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closing
}

// running returns the dispatcher of an activated device.
func (d *Device) running() (*dispatch.Dispatcher, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return nil, ErrClosed
	case d.dispatcher == nil:
		return nil, ErrNotActivated
	}
	return d.dispatcher, nil
}

// Now returns the time by the server's clock as far as it is known: event times
// are taken from it.
func (d *Device) Now() time.Time { return time.Now().Add(d.conn.Skew()) }

// Flush returns nil when every message accepted before is settled: the server
// has it, or it was given up and reported. It returns the context's error when
// that ends first.
func (d *Device) Flush(ctx context.Context) error {
	q, err := d.running()
	if err != nil {
		return err
	}
	return q.Flush(ctx)
}

// WaitCapacity returns nil when n messages fit into the send queue.
//
// Errors: the context's, [ErrClosed], [ErrNotActivated], [*QueueFullError] if n
// is more than the queue can ever hold.
func (d *Device) WaitCapacity(ctx context.Context, n int) error {
	q, err := d.running()
	if err != nil {
		return err
	}
	return q.WaitCapacity(ctx, n)
}

// Close closes the virtual devices, lets running handlers finish, sends what
// Close closes the virtual devices, lets running handlers finish, sends what
// waits, uploads included, lets downloads finish and releases everything. When ctx
// ends first, or a call fails, handlers and transfers are cancelled and a
// [*LeftError] counts the messages that were left: those in memory are reported as
// undelivered, those in the outbox stay there and are sent when the device is opened
// the next time. A [*TransfersLeftError] counts the transfers. Closing again does
// nothing.
func (d *Device) Close(ctx context.Context) error {
	d.mu.Lock()
	if d.closing {
		d.mu.Unlock()
		return nil
	}
	d.closing = true
	dispatcher := d.dispatcher
	d.mu.Unlock()

	d.drift.stop()
	d.connectivity.close()
	var errs []error
	if dispatcher != nil {
		d.policies.stop()
		errs = append(errs, d.flushPolicies(ctx))
		errs = append(errs, dispatcher.Close(ctx))
	}
	errs = append(errs, d.storage.Close(ctx))
	for _, v := range d.attached() {
		errs = append(errs, v.Close())
	}
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	return errors.Join(append(errs, d.metrics.stop(), d.conn.Close(), d.closeOutbox())...)
}

// flushPolicies ends the policies of all virtual devices, and those of messages
// that the application made itself, and waits for the disk once.
func (d *Device) flushPolicies(ctx context.Context) error {
	var errs []error
	var receipts []Receipt
	for _, v := range d.attached() {
		sent, err := v.flushPolicy()
		errs, receipts = append(errs, err), append(receipts, sent...)
	}
	sent, err := d.policies.flushRelay()
	errs, receipts = append(errs, err), append(receipts, sent...)
	return errors.Join(append(errs, waitAll(ctx, receipts))...)
}

// attached returns the virtual devices.
func (d *Device) attached() []*Virtual {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.virtuals))
}
