package policy

import (
	"errors"
	"slices"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// keepBuffer is how large a scratch buffer may be to be kept for the next
// message: a device has thousands of engines, most of them idle.
const keepBuffer = 4096

// commit stores values, adds the computed metrics that they trigger, and sends
// all of them in one message (docs/protocol/policies.md §6.3). pairs is scratch
// space of the engine.
func (e *Engine) commit(pairs []Item, head Head, triggers bool) error {
	var errs []error
	e.items, e.stored = e.items[:0], e.stored[:0]
	for _, pair := range pairs {
		e.dropInProcess(pair.Attribute)
		if err := e.keep(pair); err != nil {
			errs = append(errs, err)
		}
	}
	e.pairs = pairs[:0]
	clear(pairs) // texts must not live on in the scratch space
	if triggers && len(e.plan.computed) > 0 {
		e.compute()
	}
	if len(e.items) > 0 {
		if err := e.sendData(head); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// keep stores a value and adds it to the message; of a name that occurs twice
// the last value stays.
func (e *Engine) keep(pair Item) error {
	if err := e.host.Commit(pair.Attribute, pair.Value); err != nil {
		return err
	}
	name := e.plan.model.Attributes[pair.Attribute].Name
	if at := slices.Index(e.stored, pair.Attribute); at >= 0 {
		e.items[at].Value = pair.Value
		return nil
	}
	e.stored = append(e.stored, pair.Attribute)
	e.items = append(e.items, wire.Item{Name: name, Value: pair.Value})
	return nil
}

// compute runs the computed metrics whose triggers are all among the values
// that were stored. Computed values do not trigger others.
func (e *Engine) compute() {
	stored := len(e.stored)
	for _, c := range e.plan.computed {
		if !c.triggeredBy(e.stored[:stored]) {
			continue
		}
		attribute := e.plan.pipelines[c.pipeline].attribute
		v, ok, err := e.run(c.pipeline, 0, e.now, e.host.Current(attribute))
		e.report(err)
		if ok {
			e.dropInProcess(attribute)
			e.report(e.keep(Item{attribute, v}))
		}
	}
}

// sendData makes one DATA message of the collected items.
func (e *Engine) sendData(head Head) error {
	h := e.header(head)
	buffer := wire.AppendData(e.message.JSON[:0], &h, e.plan.format, e.items)
	attachments := wire.Attachments(e.items)
	clear(e.items)
	return e.send(&h, Message{Encoded: wire.Encoded{Type: wire.TypeData, Format: e.plan.format, JSON: buffer, Attachments: attachments}})
}

func (e *Engine) header(head Head) wire.Header {
	if head.EventTime == 0 {
		head.EventTime = e.now
	}
	return wire.Header{
		ClientID:    wire.NewUUID(),
		Source:      e.endpoint,
		EventTime:   head.EventTime,
		Priority:    head.Priority,
		Reliability: head.Reliability,
	}
}

// send brings a message, encoded into the scratch buffer, through the device
// pipeline.
func (e *Engine) send(h *wire.Header, m Message) error {
	e.message = m
	e.message.ClientID = h.ClientID
	e.message.Source = h.Source
	e.message.Priority = h.Priority
	e.message.Reliability = h.Reliability
	e.message.EventTime = h.EventTime
	err := e.admit(&e.message)
	if cap(m.JSON) > keepBuffer {
		m.JSON = nil
	}
	e.message = Message{Encoded: wire.Encoded{JSON: m.JSON[:0]}}
	return err
}
