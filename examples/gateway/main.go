package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/iotcs-go/iotcs/examples/internal/settings"
	"github.com/iotcs-go/iotcs/generated/humiditysensor"
	"github.com/iotcs-go/iotcs/generated/temperaturesensor"
	"github.com/iotcs-go/iotcs/runtime/device"
)

//go:generate go run github.com/iotcs-go/iotcs/cmd/iotcs-gen generate

const (
	sensors = 50 // of both models together
	atOnce  = 8  // registrations at the same time
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "gateway:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) (err error) {
	s, err := settings.Parse("gateway", args, getenv, stderr)
	if err != nil {
		return err
	}
	gateway, err := device.OpenGateway(ctx, s.Conf, s.Passphrase, s.Options(stderr)...)
	if err != nil {
		return err
	}
	defer func() {
		// What waits is sent, but the program ends: ctx is over by now.
		last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = errors.Join(err, gateway.Close(last))
	}()
	if !gateway.IsActivated() {
		if err := gateway.Activate(ctx); err != nil {
			return err
		}
	}
	all, err := connect(ctx, gateway)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "gateway %s is endpoint %s, with %d sensors behind it\n", gateway.ActivationID(), gateway.EndpointID(), len(all))
	return measure(ctx, stdout, all, s.Interval, s.Count)
}

// sensor takes one reading and sends it.
type sensor func() error

// connect registers the sensors and makes their bindings: generated code does not
// know whether a device is behind a gateway.
func connect(ctx context.Context, gateway *device.Gateway) ([]sensor, error) {
	ids, err := gateway.RegisterDevices(ctx, atOnce, registrations()...)
	if err != nil {
		return nil, err
	}
	all := make([]sensor, 0, len(ids))
	for i, id := range ids {
		bind := humidity
		if i%2 == 1 {
			bind = temperature
		}
		s, err := bind(gateway, id)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// registrations lists the sensors, the two models in turn.
func registrations() []device.Registration {
	all := make([]device.Registration, sensors)
	for i := range all {
		urn := humiditysensor.URN
		if i%2 == 1 {
			urn = temperaturesensor.URN
		}
		all[i] = device.Registration{
			HardwareID: fmt.Sprintf("SENSOR-%03d", i),
			Models:     []string{urn},
			Metadata:   device.Metadata{device.Manufacturer: "Example Works", device.SerialNumber: fmt.Sprint(1000 + i)},
		}
	}
	return all
}

func humidity(c device.Client, endpointID string) (sensor, error) {
	s, err := humiditysensor.New(c, endpointID)
	if err != nil {
		return nil, err
	}
	s.OnMaxThreshold(device.Accept)
	return func() error { return s.SetHumidity(rand.Int64N(101)) }, nil
}

func temperature(c device.Client, endpointID string) (sensor, error) {
	s, err := temperaturesensor.New(c, endpointID)
	if err != nil {
		return nil, err
	}
	s.OnMaxThreshold(device.Accept)
	return func() error { return s.Update().Temp(20 + rand.Float64()*5).Unit("Cel").Send() }, nil
}

// measure reads all sensors at every interval, n times or until ctx ends, which
// is no error.
func measure(ctx context.Context, out io.Writer, all []sensor, interval time.Duration, n int) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for round := 1; ; round++ {
		for _, read := range all {
			if err := read(); err != nil {
				return err
			}
		}
		fmt.Fprintf(out, "round %d: %d readings\n", round, len(all))
		if round == n {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
