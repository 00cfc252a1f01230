package device_test

import (
	"context"
	"errors"
	"fmt"

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
