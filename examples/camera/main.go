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
	"github.com/iotcs-go/iotcs/generated/motionactivatedcamera"
	"github.com/iotcs-go/iotcs/runtime/device"
)

//go:generate go run github.com/iotcs-go/iotcs/cmd/iotcs-gen generate

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "camera:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) (err error) {
	s, err := settings.Parse("camera", args, getenv, stderr)
	if err != nil {
		return err
	}
	dev, err := device.Open(ctx, s.Conf, s.Passphrase, device.WithLogger(s.Logger(stderr)))
	if err != nil {
		return err
	}
	defer func() {
		// Transfers end and what waits is sent, but the program ends: ctx is over by now.
		last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = errors.Join(err, dev.Close(last))
	}()
	if !dev.IsActivated() {
		if err := dev.Activate(ctx, motionactivatedcamera.URN); err != nil {
			return err
		}
	}
	binding, err := motionactivatedcamera.New(dev, dev.EndpointID())
	if err != nil {
		return err
	}
	c := &camera{out: stdout, dev: dev, binding: binding, folder: s.Conf + ".pictures"}
	if err := os.MkdirAll(c.folder, 0o700); err != nil {
		return err
	}
	binding.OnPlaceholder(c.reference)
	binding.HandleActions(c)
	binding.Virtual().OnError(func(e device.DeliveryError) { fmt.Fprintln(stderr, "camera:", &e) })
	fmt.Fprintf(stdout, "camera %s is endpoint %s\n", dev.ActivationID(), dev.EndpointID())
	return c.watch(ctx, getenv, s.Interval, s.Count)
}

// watch takes a picture at each motion: count of them, or until ctx ends if that
// is 0. Motions come at an interval here.
func (c *camera) watch(ctx context.Context, getenv func(string) string, interval time.Duration, count int) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for n := 1; ; n++ {
		uri, err := c.moved(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if n == 1 && getenv("IOTCS_URL") != "" {
			if err := writeReference(ctx, getenv, c.dev.EndpointID(), uri); err != nil {
				return err
			}
		}
		if n == count {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
