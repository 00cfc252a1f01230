package device

import (
	"errors"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/transport"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// Conditions of opening, activating and talking to the server, under the names
// that programs use. Each is distinct for [errors.Is].
var (
	// ErrNotActivated is returned by what needs an endpoint id before the device
	// has one: call [Device.Activate].
	ErrNotActivated = errors.New("the device is not activated")
	// ErrActivated is returned by Activate when the device has an endpoint id.
	ErrActivated = trust.ErrActivated
	// ErrPassphrase: wrong passphrase, or a damaged provisioning file.
	ErrPassphrase = trust.ErrPassphrase
	// ErrLocked: another process is activating with the same provisioning file.
	ErrLocked = trust.ErrLocked
	// ErrReadOnly: the provisioning file cannot be replaced where it lies, so
	// that an activation could not be stored. Nothing was sent.
	ErrReadOnly = trust.ErrReadOnly
	// ErrTransportUnsupported: the provisioning file names a transport other
	// than HTTPS.
	ErrTransportUnsupported = transport.ErrUnsupported
	// ErrUnreachable: no answer came from the server.
	ErrUnreachable = transport.ErrUnreachable
	// ErrCertificate: the server's certificate was not accepted.
	ErrCertificate = transport.ErrCertificate
	// ErrClock: the device's clock shows a time before this program was made.
	ErrClock = transport.ErrClock
	// ErrUnauthorized: the server refuses the credentials of the activated device.
	ErrUnauthorized = transport.ErrUnauthorized
	// ErrRefused: the server does not know the device, its secret is wrong, or
	// it was activated before.
	ErrRefused = rest.ErrRefused
	// ErrActivationRefused: the server refused the activation itself, for
	// example because it does not know a device model.
	ErrActivationRefused = rest.ErrActivationRefused
	// ErrActivationUnknown: the activation was sent and its answer was lost.
	ErrActivationUnknown = rest.ErrActivationUnknown
	// ErrModelNotFound: neither the store nor the server has the device model.
	ErrModelNotFound = rest.ErrModelNotFound
	// ErrDraft: the device model is an empty placeholder.
	ErrDraft = devicemodel.ErrDraft
)
