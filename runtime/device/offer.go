package device

import (
	"github.com/iotcs-go/iotcs/runtime/policy"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// offer hands a value to the policies of the device. Without policies it is sent
// like a value that was set (docs/protocol/virtual-devices.md §3.3).
func (v *Virtual) offer(i int, value wire.Value) (err error) {
	if err := checkAttribute(&v.model.Attributes[i], value); err != nil {
		return err
	}
	v.mu.Lock()
	if v.gate == nil {
		v.mu.Unlock()
		return v.store(i, value)
	}
	defer v.settle(&err)
	if err := v.unusable(); err != nil {
		return err
	}
	return v.gate.offer(dataHead(), policy.Item{Attribute: i, Value: value})
}

// offerBatch is offer for the values of one update.
func (v *Virtual) offerBatch(first, more []entry, head messageHead) (err error) {
	v.mu.Lock()
	if v.gate == nil {
		v.mu.Unlock()
		return v.storeBatch(first, more, head)
	}
	defer v.settle(&err)
	if err := v.unusable(); err != nil {
		return err
	}
	return v.gate.offer(head, v.gate.collect(first, more)...)
}

// collect turns the entries of a batch into what policies take.
func (g *gate) collect(first, more []entry) []policy.Item {
	g.items = g.items[:0]
	for _, entries := range [2][]entry{first, more} {
		for i := range entries {
			g.items = append(g.items, policy.Item{Attribute: entries[i].index, Value: entries[i].value})
		}
	}
	return g.items
}

// set stores values and sends them; the device pipeline may hold the message.
func (g *gate) set(head messageHead, items ...policy.Item) error {
	err := g.Set(g.now(), head.forPolicy(), items...)
	g.timer.Set(g.NextDeadline())
	return err
}

// offer hands values to their pipelines.
func (g *gate) offer(head messageHead, items ...policy.Item) error {
	err := g.Offer(g.now(), head.forPolicy(), items...)
	g.timer.Set(g.NextDeadline())
	return err
}

// admit brings a message of the application through the device pipeline.
func (g *gate) admit(m *policy.Message) error {
	err := g.Admit(g.now(), m)
	g.timer.Set(g.NextDeadline())
	return err
}

func (h messageHead) forPolicy() policy.Head {
	return policy.Head{EventTime: h.eventTime, Priority: h.priority, Reliability: h.reliability}
}

// flushPolicy ends v's policy before the device closes. What it sent is still to
// be waited for.
func (v *Virtual) flushPolicy() ([]Receipt, error) {
	v.mu.Lock()
	err := v.endPolicy()
	return v.release(), err
}

// endPolicy ends v's policy for good; what it holds is queued. The caller holds
// the lock.
func (v *Virtual) endPolicy() error {
	g := v.gate
	if g == nil || g.ended {
		return nil
	}
	g.ended = true
	g.timer.Stop()
	return g.Close(g.now())
}
