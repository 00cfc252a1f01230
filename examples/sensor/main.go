package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

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

// settings are what the command line says.
type settings struct {
	conf       string
	passphrase []byte
	interval   time.Duration
	count      int
	verbose    bool
}

func parse(args []string, getenv func(string) string, stderr io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("sensor", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.conf, "conf", "", "provisioning `file` of the device")
	file := flags.String("passphrase-file", "", "`file` that holds its passphrase (otherwise IOTCS_PASSPHRASE)")
	flags.DurationVar(&s.interval, "interval", 2*time.Second, "time between two readings")
	flags.IntVar(&s.count, "count", 0, "stop after `n` readings; 0: run until interrupted")
	flags.BoolVar(&s.verbose, "v", false, "log what the device does")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.conf == "" || flags.NArg() > 0 || s.interval <= 0 {
		return s, errors.New("usage: sensor --conf FILE [--passphrase-file FILE] [--interval 2s] [--count N] [-v]")
	}
	text := getenv("IOTCS_PASSPHRASE")
	if *file != "" {
		content, err := os.ReadFile(*file)
		if err != nil {
			return s, err
		}
		text = strings.TrimRight(string(content), "\r\n")
	}
	if text == "" {
		return s, errors.New("no passphrase: set IOTCS_PASSPHRASE or give --passphrase-file")
	}
	s.passphrase = []byte(text)
	return s, nil
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) (err error) {
	s, err := parse(args, getenv, stderr)
	if err != nil {
		return err
	}
	level := slog.LevelWarn
	if s.verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	dev, err := device.Open(ctx, s.conf, s.passphrase, device.WithLogger(log))
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
	return p.measure(ctx, s.interval, s.count)
}
