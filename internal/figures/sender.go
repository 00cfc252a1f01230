package main

import (
	"context"
	"errors"
	"fmt"
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
}

// sendMessages is the worker that is a device. When it is ready it has sent one
// batch: connection and token are there. Its command sends the messages and is
// answered when the server has them all.
func sendMessages(ctx context.Context, s senderSettings, t *talk) (err error) {
	dev, err := device.Open(ctx, s.File, passphrase, device.WithMaxMessagesPerPost(batch))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dev.Close(ctx)) }()
	sensor, err := humiditysensor.New(dev, dev.EndpointID())
	if err != nil {
		return err
	}
	if err := send(ctx, dev, sensor, batch); err != nil {
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
		if err := send(ctx, dev, sensor, s.Messages); err != nil {
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

// send sets n values, as fast as the queue takes them, and waits until all are
// with the server.
func send(ctx context.Context, dev *device.Device, sensor *humiditysensor.HumiditySensor, n int) error {
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
	return dev.Flush(ctx)
}
