package device

import "github.com/iotcs-go/iotcs/runtime/wire"

// offer hands a value to the policies of the device. A device without policies
// for the attribute sends it like a value that was set
// (docs/protocol/virtual-devices.md §3.3).
func (v *Virtual) offer(i int, value wire.Value) error { return v.store(i, value) }

// offerBatch is offer for the values of one update.
func (v *Virtual) offerBatch(first, more []entry, head messageHead) error {
	return v.storeBatch(first, more, head)
}
