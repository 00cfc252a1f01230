package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/iotcs-go/iotcs/generated/humiditysensor"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
)

//go:generate go run github.com/iotcs-go/iotcs/cmd/iotcs-gen generate

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// station is the program of the device: what it does when the cloud wants
// something of it. Its methods are the actions of the device model.
type station struct {
	out    io.Writer
	sensor *humiditysensor.HumiditySensor
}

func (s *station) Reset(context.Context) error {
	fmt.Fprintln(s.out, "  device: reset")
	return nil
}

func (s *station) Calibrate(_ context.Context, offset float64) error {
	fmt.Fprintf(s.out, "  device: calibrated by %v\n", offset)
	return nil
}

func (s *station) Prime(_ context.Context, args humiditysensor.PrimeArgs) error {
	fmt.Fprintf(s.out, "  device: primed for %d s, hard %v\n", args.Seconds, args.Hard)
	return nil
}

// measure handles one reading: it is sent, with an alert if it is too high.
func (s *station) measure(humidity int64) error {
	if err := s.sensor.SetHumidity(humidity); err != nil {
		return err
	}
	if limit, _ := s.sensor.MaxThreshold(); humidity > limit {
		return s.sensor.NewTooHumidAlert(humidity).Note("open a window").Raise()
	}
	return nil
}

func run(out io.Writer) error {
	// The test client stands in for the server. A real device uses device.Open
	// instead, and nothing else changes: see examples/sensor.
	cloud := devicetest.New()

	sensor, err := humiditysensor.New(cloud, "0-AB")
	if err != nil {
		return err
	}
	s := &station{out: out, sensor: sensor}
	sensor.HandleActions(s)
	sensor.OnMaxThreshold(device.Accept) // the cloud may move the threshold

	fmt.Fprintln(out, "The device measures:")
	for _, humidity := range []int64{47, 85} {
		if err := s.measure(humidity); err != nil {
			return err
		}
	}
	print(out, cloud)

	fmt.Fprintln(out, "The cloud writes the threshold and calls an action:")
	ctx := context.Background()
	answer := cloud.Write(ctx, sensor, "maxThreshold", 90)
	fmt.Fprintf(out, "  answer to the write: %d\n", answer.Status)
	answer = cloud.Call(ctx, sensor, "prime", devicetest.Named("seconds", 5))
	fmt.Fprintf(out, "  answer to the call: %d\n", answer.Status)
	print(out, cloud)

	fmt.Fprintln(out, "What cannot be right is refused before it is sent:")
	err = s.measure(130)
	var outside *device.RangeError
	if !errors.As(err, &outside) {
		return fmt.Errorf("humidity 130 was accepted: %w", err)
	}
	fmt.Fprintln(out, "  error:", outside)
	return nil
}

// print shows what the cloud got since the last time.
func print(out io.Writer, cloud *devicetest.Client) {
	for _, m := range cloud.Sent() {
		kind := "data"
		if m.Alert {
			kind = "alert"
		}
		fmt.Fprintf(out, "  cloud got %s:", kind)
		for _, v := range m.Values {
			fmt.Fprintf(out, " %s=%v", v.Name, v.Value)
		}
		fmt.Fprintln(out)
	}
	cloud.Reset()
}
