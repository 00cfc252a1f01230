package history

import (
	"maps"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Value is the last value that a device reported of an attribute.
type Value struct {
	Value    wire.Value
	Received int64 // arrival of the message, in ms since the epoch
}

type valuesKey struct{ device, model string }

const attributesSuffix = ":attributes"

// maxAttributes bounds the values of one device and model: a device may report names that its model does not have.
const maxAttributes = 10_000

// learn takes the attribute values of a message. It is for the holder of the lock.
func (h *History) learn(m *Message, decoded *wire.Message) {
	if m.Type != wire.TypeData || decoded.Data == nil || m.ToDevice {
		return
	}
	model, ok := strings.CutSuffix(decoded.Data.Format, attributesSuffix)
	if !ok {
		return
	}
	values := h.values[valuesKey{m.Source, model}]
	if values == nil {
		values = make(map[string]*Value)
		h.values[valuesKey{m.Source, strings.Clone(model)}] = values
	}
	for _, item := range decoded.Data.Items {
		value := values[item.Name]
		if value == nil {
			if len(values) >= maxAttributes {
				continue
			}
			value = new(Value)
			values[strings.Clone(item.Name)] = value // item shares memory with the whole message
		}
		*value = Value{clone(item.Value), m.Received}
	}
}

func clone(v wire.Value) wire.Value {
	if v.Kind() == wire.KindString {
		return wire.StringValue(strings.Clone(v.Text()))
	}
	return v
}

// Values gives the last values of the attributes that the device reported for the model, by name.
func (h *History) Values(device, model string) map[string]Value {
	h.mu.RLock()
	defer h.mu.RUnlock()
	values := make(map[string]Value)
	for name, value := range h.values[valuesKey{device, model}] {
		values[name] = *value
	}
	return values
}

// Forget drops the values of a device that is gone. Its messages stay.
func (h *History) Forget(device string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.values, func(key valuesKey, _ map[string]*Value) bool { return key.device == device })
}
