package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/generated/humiditysensor"
	"github.com/iotcs-go/iotcs/runtime/device"
)

// probe stands for the hardware: a humidity that wanders, and what the cloud can
// do to it.
type probe struct {
	out    io.Writer
	sensor *humiditysensor.HumiditySensor

	mu       sync.Mutex // handlers run beside measure
	humidity float64
	offset   float64
}

// measure sends a reading at every interval, n times or until ctx ends, which is
// no error.
func (p *probe) measure(ctx context.Context, interval time.Duration, n int) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for i := 1; ; i++ {
		if err := p.send(p.read()); err != nil {
			return err
		}
		if i == n {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// read is the next reading, in percent.
func (p *probe) read() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.humidity = min(max(p.humidity+rand.Float64()*8-4, 0), 100)
	return int64(min(max(p.humidity+p.offset, 0), 100))
}

// send sends a reading, and an alert when it is above the threshold.
func (p *probe) send(humidity int64) error {
	fmt.Fprintf(p.out, "humidity %d %%\n", humidity)
	if err := p.sensor.SetHumidity(humidity); err != nil {
		return err
	}
	limit, _ := p.sensor.MaxThreshold()
	if humidity <= limit {
		return nil
	}
	fmt.Fprintf(p.out, "alert: above %d %%\n", limit)
	return p.sensor.NewTooHumidAlert(humidity).Raise()
}

// threshold takes the cloud's new threshold.
func (p *probe) threshold(_ context.Context, c device.Change[int64]) error {
	fmt.Fprintf(p.out, "the cloud sets the threshold to %d %%\n", c.New)
	return nil
}

// Reset implements humiditysensor.Actions.
func (p *probe) Reset(context.Context) error {
	fmt.Fprintln(p.out, "the cloud resets the sensor")
	p.set(50, 0)
	return nil
}

// Calibrate implements humiditysensor.Actions.
func (p *probe) Calibrate(_ context.Context, offset float64) error {
	fmt.Fprintf(p.out, "the cloud calibrates by %v %%\n", offset)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offset = offset
	return nil
}

// Prime implements humiditysensor.Actions.
func (p *probe) Prime(_ context.Context, args humiditysensor.PrimeArgs) error {
	fmt.Fprintf(p.out, "the cloud primes the sensor for %d s (hard: %v)\n", args.Seconds, args.Hard)
	return nil
}

func (p *probe) set(humidity, offset float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.humidity, p.offset = humidity, offset
}
