package device_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
)

// A virtual device by name, for programs that learn the model at run time.
// Programs with a fixed model use a generated package instead.
func Example() {
	client := devicetest.New() // in a program: what device.Open returns
	pump, err := device.NewVirtual(client, "0-AB", &device.Model{
		URN: "urn:com:example:iot:pump",
		Attributes: []device.Attribute{
			{Name: "speed", Type: device.TypeInteger, Range: &device.Range{Low: 0, High: 3000}},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pump.Set("speed", 1200))

	var outside *device.RangeError
	if err := pump.Set("speed", 9000); errors.As(err, &outside) {
		fmt.Println("refused:", outside)
	}
	speed, ok := pump.Get("speed")
	fmt.Println(speed, ok)
	// Output:
	// <nil>
	// refused: speed: 9000 is outside 0 to 3000
	// 1200 true
}

// Several values leave in one message.
func ExampleVirtual_Update() {
	client := devicetest.New()
	v, err := device.NewVirtual(client, "0-AB", &plant)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = v.Update().Set("speed", 1200).Set("on", true).Send()
	fmt.Println(err, client.Sent()[0].Values)
	// Output: <nil> [{speed 1200} {on true}]
}

// A handler decides about each write of the cloud.
func ExampleVirtual_OnAttributeChange() {
	client := devicetest.New()
	v, err := device.NewVirtual(client, "0-AB", &plant)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = v.OnAttributeChange("target", func(_ context.Context, c device.Change[any]) error {
		if c.New.(int64) > 90 {
			return &device.StatusError{Code: 409, Text: "not while it is raining"}
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Write(context.Background(), byName{v}, "target", 95))
	// Output: {409 not while it is raining}
}

// An alert names its format; what the format requires must be set.
func ExampleVirtual_NewAlert() {
	client := devicetest.New()
	v, err := device.NewVirtual(client, "0-AB", &plant)
	if err != nil {
		fmt.Println(err)
		return
	}
	alert, err := v.NewAlert(plantURN + ":hot")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(errors.Is(alert.Raise(nil), device.ErrFieldMissing))
	fmt.Println(alert.Set("temperature", 81.5).Severity(device.SeverityCritical).Raise(nil))
	fmt.Println(client.Sent()[0].Severity, client.Sent()[0].Values)
	// Output:
	// true
	// <nil>
	// CRITICAL [{temperature 81.5}]
}

// Actions of the cloud arrive with checked arguments and the model's defaults.
func ExampleVirtual_OnAction() {
	client := devicetest.New()
	v, err := device.NewVirtual(client, "0-AB", &plant)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = v.OnAction("ramp", func(_ context.Context, call *device.ActionCall) error {
		fmt.Println("ramp to", call.Integer(0))
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Call(context.Background(), byName{v}, "ramp", devicetest.Named("value", 70)))
	fmt.Println(client.Call(context.Background(), byName{v}, "ramp", devicetest.Named("value", 700)))
	// Output:
	// ramp to 70
	// {202 }
	// {400 value: 700 is outside 0 to 100}
}

// What could not be delivered is told, value by value.
func ExampleVirtual_OnError() {
	client := devicetest.New()
	v, err := device.NewVirtual(client, "0-AB", &plant)
	if err != nil {
		fmt.Println(err)
		return
	}
	v.OnError(func(e device.DeliveryError) { fmt.Println("lost:", e.Values, e.Err) })
	if err := v.Update().Set("speed", 5).Set("on", true).Send(); err != nil {
		fmt.Println(err)
	}
	client.Fail(errors.New("given up"))
	// Output: lost: [{speed 5} {on true}] given up
}

// Readings that were taken earlier carry their own time.
func ExampleAt() {
	client := devicetest.New()
	v, err := device.NewVirtual(client, "0-AB", &plant)
	if err != nil {
		fmt.Println(err)
		return
	}
	taken := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	err = v.Update(device.At(taken), device.WithReliability(device.GuaranteedDelivery)).Set("speed", 5).Send()
	fmt.Println(err, client.Sent()[0].EventTime, client.Sent()[0].Reliability)
	// Output: <nil> 2026-03-01 12:00:00 +0000 UTC GUARANTEED_DELIVERY
}

// A device program: open, activate once, bind, close. Generated packages take the
// place of NewVirtual.
func ExampleOpen() {
	ctx := context.Background()
	dev, err := device.Open(ctx, "sensor.conf", "passphrase", device.WithModelStore("models"))
	if err != nil {
		fmt.Println("no provisioning file here:", errors.Is(err, os.ErrNotExist))
		return
	}
	defer dev.Close(ctx)
	if !dev.IsActivated() {
		if err := dev.Activate(ctx, plantURN); err != nil {
			fmt.Println(err)
			return
		}
	}
	v, err := device.NewVirtual(dev, dev.EndpointID(), &plant)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Set("speed", 1200), dev.Flush(ctx))
	// Output: no provisioning file here: true
}

// A gateway registers what is behind it and uses it like devices of its own.
func ExampleOpenGateway() {
	ctx := context.Background()
	gateway, err := device.OpenGateway(ctx, "gateway.conf", "passphrase")
	if err != nil {
		fmt.Println("no provisioning file here:", errors.Is(err, os.ErrNotExist))
		return
	}
	defer gateway.Close(ctx)
	id, err := gateway.RegisterDevice(ctx, device.Registration{
		HardwareID: "PLANT-7", Models: []string{plantURN},
		Metadata: device.Metadata{device.Manufacturer: "Example Works"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := device.NewVirtual(gateway, id, &plant)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Set("speed", 1200))
	// Output: no provisioning file here: true
}

// With an outbox nil from a setter says that the value survives the program and a
// power failure.
func ExampleWithOutbox() {
	ctx := context.Background()
	dev, err := device.Open(ctx, "sensor.conf", "passphrase", device.WithOutbox("outbox"))
	switch {
	case errors.Is(err, device.ErrOutboxLocked):
		fmt.Println("this program runs already")
		return
	case err != nil:
		fmt.Println("no provisioning file here:", errors.Is(err, os.ErrNotExist))
		return
	}
	defer dev.Close(ctx) // what is left then is sent at the next start
	v, err := device.NewVirtual(dev, dev.EndpointID(), &plant)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := v.Set("speed", 1200); errors.Is(err, device.ErrDiskFull) {
		fmt.Println("the value is not stored and will not be sent")
	}
	// Output: no provisioning file here: true
}
