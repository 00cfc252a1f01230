package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/iotcs-go/iotcs/examples/internal/settings"
	"github.com/iotcs-go/iotcs/generated/humiditysensor"
	"github.com/iotcs-go/iotcs/runtime/device"
)

//go:generate go run github.com/iotcs-go/iotcs/cmd/iotcs-gen generate

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "sensor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) (err error) {
	s, err := settings.Parse("sensor", args, getenv, stderr)
	if err != nil {
		return err
	}
	dev, err := device.Open(ctx, s.Conf, s.Passphrase, s.Options(stderr)...)
	if err != nil {
		return err
	}
	defer func() {
		// What waits is sent, but the program ends: ctx is over by now.
		last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = errors.Join(err, dev.Close(last))
	}()
	if !dev.IsActivated() {
		if err := dev.Activate(ctx, humiditysensor.URN); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "device %s is endpoint %s\n", dev.ActivationID(), dev.EndpointID())
	sensor, err := humiditysensor.New(dev, dev.EndpointID())
	if err != nil {
		return err
	}
	p := &probe{out: stdout, sensor: sensor, humidity: 50}
	sensor.OnMaxThreshold(p.threshold)
	sensor.HandleActions(p)
	return p.measure(ctx, s.Interval, s.Count)
}
