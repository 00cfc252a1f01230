package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/iotcs-go/iotcs/generated/humiditysensor"
	"github.com/iotcs-go/iotcs/runtime/device"
)

// atOnce is how many devices behind the gateway are registered at the same time.
const atOnce = 8

// virtualsSettings say behind which gateway how many virtual devices are made.
type virtualsSettings struct {
	File  string
	Count int
}

// virtualsResult is what virtual devices need, each for itself.
type virtualsResult struct {
	Fresh      float64 // bytes after it was made and got its handlers
	Used       float64 // bytes after it sent a value
	Goroutines int     // of all of them
}

// makeVirtuals is the worker that is a gateway with many virtual devices.
func makeVirtuals(ctx context.Context, s virtualsSettings, t *talk) (err error) {
	gateway, err := device.OpenGateway(ctx, s.File, passphrase, device.WithQueueSize(s.Count))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, gateway.Close(ctx)) }()
	registrations := make([]device.Registration, s.Count)
	for i := range registrations {
		registrations[i] = device.Registration{HardwareID: fmt.Sprintf("BEHIND-%05d", i), Models: []string{humiditysensor.URN}}
	}
	ids, err := gateway.RegisterDevices(ctx, atOnce, registrations...)
	if err != nil {
		return err
	}
	result, err := weigh(ctx, gateway.Device, ids)
	if err != nil {
		return err
	}
	return t.answer(result)
}

// weigh makes a virtual device for each endpoint and measures what that needs.
func weigh(ctx context.Context, dev *device.Device, endpoints []string) (result virtualsResult, err error) {
	sensors := make([]*humiditysensor.HumiditySensor, len(endpoints))
	before, goroutines := memory(), runtime.NumGoroutine()
	for i, id := range endpoints {
		if sensors[i], err = humiditysensor.New(dev, id); err != nil {
			return result, err
		}
		sensors[i].OnMaxThreshold(device.Accept)
		sensors[i].HandleActions(humiditysensor.UnimplementedActions{})
	}
	each := func() float64 { return float64(memory()-before) / float64(len(sensors)) }
	result.Fresh = each()
	for i, sensor := range sensors {
		if err := sensor.SetHumidity(int64(i % 101)); err != nil {
			return result, err
		}
	}
	if err := dev.Flush(ctx); err != nil {
		return result, err
	}
	result.Used = each()
	result.Goroutines = max(runtime.NumGoroutine()-goroutines, 0)
	runtime.KeepAlive(sensors)
	return result, nil
}

// memory is what the program holds, stacks included, after garbage was collected.
func memory() int64 {
	for range 3 { // pools give things up in two steps
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
