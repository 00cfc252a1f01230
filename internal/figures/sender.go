package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/generated/humiditysensor"
	"github.com/iotcs-go/iotcs/runtime/device"
)

// batch is the number of messages in one call, as the official clients have it
// (docs/protocol/dispatch.md §2.1).
const batch = 100

// senderSettings say as which device how much is sent.
type senderSettings struct {
	File     string
	Messages int
	Outbox   string // folder; "" keeps messages in memory
	Unsynced bool   // the outbox hands over to the operating system and does not flush
}

// options are those of the device.
func (s *senderSettings) options() []device.Option {
	options := []device.Option{device.WithMaxMessagesPerPost(batch)}
	if s.Outbox != "" {
		options = append(options, device.WithOutbox(s.Outbox))
	}
	if s.Unsynced {
		options = append(options, device.WithOutboxSync(device.SyncOff))
	}
	return options
}

// setters is how many goroutines set values: one that waits for the disk leaves
// it to the others meanwhile.
func (s *senderSettings) setters() int {
	if s.Outbox != "" && !s.Unsynced {
		return writers
	}
	return 1
}

// sendMessages is the worker that is a device. When it is ready it has sent one
// batch: connection and token are there. Its command sends the messages and is
// answered when the server has them all.
func sendMessages(ctx context.Context, s senderSettings, t *talk) (err error) {
	dev, err := device.Open(ctx, s.File, passphrase, s.options()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dev.Close(ctx)) }()
	sensor, err := humiditysensor.New(dev, dev.EndpointID())
	if err != nil {
		return err
	}
	if err := send(ctx, dev, sensor, batch, 1); err != nil {
		return err
	}
	if err := t.answer(struct{}{}); err != nil {
		return err
	}
	for _, more := t.next(); more; _, more = t.next() {
		cpu, err := processorTime()
		if err != nil {
			return err
		}
		start := time.Now()
		if err := send(ctx, dev, sensor, s.Messages, s.setters()); err != nil {
			return err
		}
		result, err := since(start, cpu)
		if err != nil {
			return err
		}
		if err := t.answer(result); err != nil {
			return err
		}
	}
	return nil
}

// send sets n values from several goroutines, as fast as the queue takes them, and
// waits until all are with the server.
func send(ctx context.Context, dev *device.Device, sensor *humiditysensor.HumiditySensor, n, setters int) error {
	failures := make([]error, setters)
	var all sync.WaitGroup
	for i := range setters {
		share := n / setters
		if i < n%setters {
			share++
		}
		all.Go(func() { failures[i] = set(ctx, dev, sensor, share) })
	}
	all.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	return dev.Flush(ctx)
}

// set sets n values.
func set(ctx context.Context, dev *device.Device, sensor *humiditysensor.HumiditySensor, n int) error {
	for i := range n {
		if i%batch == 0 {
			if err := dev.WaitCapacity(ctx, batch); err != nil {
				return err
			}
		}
		if err := sensor.SetHumidity(int64(i % 101)); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	return nil
}
