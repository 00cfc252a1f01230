package device

import "github.com/iotcs-go/iotcs/runtime/outbox"

// WithOutboxDisk puts the outbox on a disk that tests fill up or make fail.
func WithOutboxDisk(d outbox.Disk) Option {
	return func(c *config) error {
		c.outbox.options.Disk = d
		return nil
	}
}
