package devicetest

import (
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// Message is one DATA or ALERT message that a virtual device sent.
type Message struct {
	EndpointID  string
	Format      string          // URN; of attribute messages: the model's URN and ":attributes"
	Alert       bool            // an ALERT, else DATA
	Severity    device.Severity // of an ALERT
	Description string          // of an ALERT
	Values      []Value         // in the order of the message
	Priority    device.Priority
	Reliability device.Reliability
	EventTime   time.Time // UTC, milliseconds
	ClientID    string
	JSON        string // what goes over the wire
}

// Value is a named value of the model's type.
type Value = device.NamedValue

// Get returns the value with the given name.
func (m Message) Get(name string) (value any, ok bool) {
	for _, v := range m.Values {
		if v.Name == name {
			return v.Value, true
		}
	}
	return nil, false
}

// typed turns a decoded message into a record with values of the model's types.
// The caller holds the lock.
func (c *Client) typed(m *wire.Encoded, decoded *wire.Message) Message {
	record := Message{
		EndpointID:  m.Source,
		Format:      m.Format,
		Priority:    m.Priority,
		Reliability: m.Reliability,
		EventTime:   time.UnixMilli(m.EventTime).UTC(),
		ClientID:    m.ClientID.String(),
		JSON:        string(m.JSON),
	}
	var items []wire.Item
	switch {
	case decoded.Data != nil:
		items = decoded.Data.Items
	case decoded.Alert != nil:
		items = decoded.Alert.Items
		record.Alert = true
		record.Severity = decoded.Alert.Severity
		record.Description = decoded.Alert.Description
	}
	if v := c.ownerOf(m.Source, m.Format); v != nil {
		record.Values = v.Decode(m.Format, items)
	}
	return record
}

// Named makes a [Value], for [Client.WriteSeveral] and [Client.Call].
func Named(name string, value any) Value { return Value{Name: name, Value: value} }
