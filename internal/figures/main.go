package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// config is how much is measured.
type config struct {
	Messages     int // through the device, and into the outbox that is opened
	Puts         int // into the outbox, each waiting for its commit
	Virtuals     int // virtual devices
	PeerMessages int // through the official client, which is slower
	Rounds       int // how often; the table shows the median
	Peer         bool
	Model        string // file of the humidity sensor's device model
	Profiles     string // folder; "" keeps none
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(start(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// start runs the program, or a worker of it when it was started as one, and
// returns the exit code.
func start(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 4 && args[0] == workerArgument {
		err := profiled(args[2], func() error { return work(ctx, args[1], json.RawMessage(args[3]), newTalk(stdin, stdout)) })
		if err != nil {
			fmt.Fprintf(stderr, "figures: %s: %v\n", args[1], err)
			return 1
		}
		return 0
	}
	c, err := parse(args, stderr)
	if err != nil {
		return 2
	}
	complete, err := run(ctx, c, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "figures:", err)
	}
	if !complete || err != nil {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("figures", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&c.Messages, "messages", 100_000, "`number` of messages through the device and of those that wait in the outbox that is opened")
	flags.IntVar(&c.Puts, "puts", 50_000, "`number` of messages put into the outbox, each waiting for its commit")
	flags.IntVar(&c.Virtuals, "virtuals", 10_000, "`number` of virtual devices")
	flags.IntVar(&c.PeerMessages, "peer-messages", 5_000, "`number` of messages through the official JavaScript client")
	flags.IntVar(&c.Rounds, "rounds", 3, "`times` that sending and storing are measured; the median counts")
	flags.BoolVar(&c.Peer, "peer", true, "measure the official JavaScript client too")
	flags.StringVar(&c.Profiles, "profiles", "", "keep a profile of the processor time of each role in the `folder`; profiling costs some")
	flags.StringVar(&c.Model, "model", "models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Ahumidity_sensor.json", "`file` of the device model")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 || c.Messages < batch || c.Puts < writers || c.Virtuals < 1 || c.PeerMessages < batch || c.Rounds < 1 {
		err := fmt.Errorf("no arguments are taken, at least %d messages, %d puts and one of everything else are needed", batch, writers)
		fmt.Fprintln(stderr, "figures:", err)
		return c, err
	}
	return c, nil
}
