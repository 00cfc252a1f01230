package device

import (
	"fmt"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// DeliveryFailed tells v that one of its messages was given up. It calls the
// hook of each attribute in the message, then the hook of the virtual device.
// It is called by the [Client].
func (v *Virtual) DeliveryFailed(m *wire.Encoded, err error) {
	failure := DeliveryError{
		EndpointID: m.Source,
		Format:     m.Format,
		ClientID:   m.ClientID.String(),
		EventTime:  time.UnixMilli(m.EventTime).UTC(),
		Err:        err,
	}
	decoded, decodeErr := wire.DecodeMessage(m.JSON)
	switch {
	case decodeErr != nil:
		failure.Err = fmt.Errorf("%w (its content cannot be read: %w)", err, decodeErr)
	case decoded.Data != nil:
		failure.Values = v.Decode(m.Format, decoded.Data.Items)
	case decoded.Alert != nil:
		failure.Values = v.Decode(m.Format, decoded.Alert.Items)
	}
	v.report(failure)
}

// Serves reports whether messages of the given format belong to v: those of its
// attributes and of the formats of its model.
func (v *Virtual) Serves(format string) bool {
	return format == v.format || v.formatIndex(format) >= 0 || strings.HasPrefix(format, v.model.URN+":")
}

// report calls the hooks for a message that was given up.
func (v *Virtual) report(failure DeliveryError) {
	if failure.Format == v.format {
		for _, value := range failure.Values {
			if hook := v.attributeHook(value.Name); hook != nil {
				one := failure
				one.Values = []NamedValue{value}
				hook(one)
			}
		}
	}
	v.mu.Lock()
	hook := v.failed
	v.mu.Unlock()
	if hook != nil {
		hook(failure)
	}
}

func (v *Virtual) attributeHook(name string) func(DeliveryError) {
	i := v.attribute(name)
	if i < 0 {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.slots[i].failed
}
