package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/iotcs-go/iotcs/examples/internal/cloud"
	"github.com/iotcs-go/iotcs/generated/humiditysensor"
	"github.com/iotcs-go/iotcs/runtime/device"
)

func main() {
	conf := flag.String("conf", "", "provisioning `file` of the device")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, *conf, os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// station is the device: what the cloud can do to it.
type station struct {
	humiditysensor.UnimplementedActions
	out io.Writer
}

// Calibrate implements humiditysensor.Actions.
func (s station) Calibrate(_ context.Context, offset float64) error {
	fmt.Fprintf(s.out, "   device: calibrated by %v\n", offset)
	return nil
}

func (s station) threshold(_ context.Context, c device.Change[int64]) error {
	fmt.Fprintf(s.out, "   device: threshold %d -> %d\n", c.Old, c.New)
	return nil
}

func run(ctx context.Context, conf string, getenv func(string) string, out io.Writer) (err error) {
	server, err := cloud.Connect(getenv)
	if err != nil {
		return err
	}
	dev, err := device.Open(ctx, conf, getenv("IOTCS_PASSPHRASE"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dev.Close(ctx)) }()

	fmt.Fprintln(out, "3. The device opens its provisioning file and activates.")
	if err := dev.Activate(ctx, humiditysensor.URN); err != nil {
		return err
	}
	fmt.Fprintf(out, "   device: %s is endpoint %s, its key is stored\n", dev.ActivationID(), dev.EndpointID())
	sensor, err := humiditysensor.New(dev, dev.EndpointID())
	if err != nil {
		return err
	}
	s := station{out: out}
	sensor.OnMaxThreshold(s.threshold)
	sensor.HandleActions(s)

	fmt.Fprintln(out, "4. It sends two readings and an alert.")
	if err := measure(ctx, dev, sensor, 47, 85); err != nil {
		return err
	}
	if err := show(ctx, server, out, dev.EndpointID(), 3); err != nil {
		return err
	}

	fmt.Fprintln(out, "5. The cloud writes an attribute and calls actions.")
	for _, r := range []request{
		{"PUT", "attributes/maxThreshold", `{"value":90}`},
		{"POST", "actions/calibrate", `{"value":1.5}`},
		{"POST", "actions/reset", `{}`},
	} {
		answer, err := ask(ctx, server, dev.EndpointID(), r)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "   cloud:  %s %s %s was answered %s\n", r.method, r.path, r.body, answer)
	}

	fmt.Fprintln(out, "6. What cannot be right never leaves the device.")
	err = sensor.SetHumidity(130)
	var outside *device.RangeError
	if !errors.As(err, &outside) {
		return fmt.Errorf("humidity 130 was accepted: %w", err)
	}
	fmt.Fprintln(out, "   device:", outside)
	return nil
}

// measure sends readings, with an alert for those above the threshold, and waits
// until the server has them.
func measure(ctx context.Context, dev *device.Device, sensor *humiditysensor.HumiditySensor, readings ...int64) error {
	for _, humidity := range readings {
		if err := sensor.SetHumidity(humidity); err != nil {
			return err
		}
		if limit, _ := sensor.MaxThreshold(); humidity > limit {
			if err := sensor.NewTooHumidAlert(humidity).Note("open a window").Raise(); err != nil {
				return err
			}
		}
	}
	return dev.Flush(ctx)
}
