package device

import (
	"context"
	"fmt"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// DriftError says that the server's device model is not the one that a virtual
// device uses. Generate the package again, or correct the model on the server.
type DriftError struct {
	URN    string
	Device string // fingerprint of the model in the program
	Server string // fingerprint of the server's model
}

// Error tells what to do.
func (e *DriftError) Error() string {
	return fmt.Sprintf("device model %s on the server (fingerprint %.12s…) is not the one this program was made from (%.12s…): fetch the model and generate again", e.URN, e.Server, e.Device)
}

// driftCheck compares the models of virtual devices with the server's, each URN
// once, in a goroutine of its own that sleeps until there is contact and
// something to compare.
type driftCheck struct {
	d      *Device
	ctx    context.Context
	cancel context.CancelFunc
	signal chan struct{} // holds one token
	worker sync.WaitGroup

	mu      sync.Mutex
	checked map[string]bool
	pending map[string][]*Virtual
}

func newDriftCheck(d *Device) *driftCheck {
	c := &driftCheck{d: d, signal: make(chan struct{}, 1), checked: make(map[string]bool), pending: make(map[string][]*Virtual)}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// start begins checking; it is called once the device is activated.
func (c *driftCheck) start() {
	if c.d.config.drift != Ignore {
		c.worker.Go(c.run)
	}
}

// stop ends checking.
func (c *driftCheck) stop() {
	c.cancel()
	c.worker.Wait()
}

// add notes that v's model is to be compared.
func (c *driftCheck) add(v *Virtual) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.d.config.drift == Ignore {
		return
	}
	// With Error each virtual device of the model has to learn of the drift.
	if !c.checked[v.model.URN] || c.d.config.drift == Error {
		c.pending[v.model.URN] = append(c.pending[v.model.URN], v)
		c.poke()
	}
}

// wake notes that there is contact with the server.
func (c *driftCheck) wake() { c.poke() }

func (c *driftCheck) poke() {
	select {
	case c.signal <- struct{}{}:
	default:
	}
}

func (c *driftCheck) run() {
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-c.signal:
		}
		if c.d.Status().State == StateOnline {
			c.compareAll()
		}
	}
}

// compareAll compares what is pending. What cannot be fetched now is tried again
// at the next contact.
func (c *driftCheck) compareAll() {
	for urn, virtuals := range c.take() {
		data, err := c.d.conn.DeviceModel(c.ctx, urn)
		var server *Model
		if err == nil {
			server, _, err = devicemodel.Load(data, devicemodel.AllowDrafts())
		}
		if err != nil {
			c.d.component("model").Info("device model could not be compared with the server's", "urn", urn, "error", err)
			if temporary(err) && c.ctx.Err() == nil {
				c.giveBack(urn, virtuals)
			}
			continue
		}
		c.compare(urn, devicemodel.Fingerprint(server), virtuals)
	}
}

func (c *driftCheck) compare(urn, server string, virtuals []*Virtual) {
	c.mu.Lock()
	c.checked[urn] = true
	c.mu.Unlock()
	for _, v := range virtuals {
		own := v.Fingerprint()
		if own == server {
			continue
		}
		drift := &DriftError{URN: urn, Device: own, Server: server}
		c.d.component("model").Warn("device model differs from the server's", "urn", urn, "error", drift)
		if c.d.config.drift == Error {
			v.refuse(drift)
		}
	}
}

func (c *driftCheck) take() map[string][]*Virtual {
	c.mu.Lock()
	defer c.mu.Unlock()
	pending := c.pending
	c.pending = make(map[string][]*Virtual)
	return pending
}

func (c *driftCheck) giveBack(urn string, virtuals []*Virtual) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending[urn] = append(virtuals, c.pending[urn]...)
}
