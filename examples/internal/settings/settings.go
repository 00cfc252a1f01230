package settings

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
)

// Settings are what the command line of an example says.
type Settings struct {
	Conf       string // provisioning file
	Passphrase []byte // device.Open wipes it
	Interval   time.Duration
	Count      int    // readings to take; 0: until interrupted
	Outbox     string // folder; "": readings that wait do not survive the program
	Verbose    bool
}

// Parse reads a command line without the program's name. The passphrase comes
// from the file that a flag names, or from IOTCS_PASSPHRASE.
func Parse(program string, args []string, getenv func(string) string, stderr io.Writer) (s Settings, err error) {
	flags := flag.NewFlagSet(program, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.Conf, "conf", "", "provisioning `file` of the device")
	file := flags.String("passphrase-file", "", "`file` that holds its passphrase (otherwise IOTCS_PASSPHRASE)")
	flags.DurationVar(&s.Interval, "interval", 2*time.Second, "time between two readings")
	flags.IntVar(&s.Count, "count", 0, "stop after `n` readings; 0: run until interrupted")
	flags.StringVar(&s.Outbox, "outbox", "", "`folder` in which readings that wait survive the program")
	flags.BoolVar(&s.Verbose, "v", false, "log what the device does")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.Conf == "" || flags.NArg() > 0 || s.Interval <= 0 || s.Count < 0 {
		return s, fmt.Errorf("usage: %s --conf FILE [--passphrase-file FILE] [--interval 2s] [--count N] [--outbox DIR] [-v]", program)
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
	s.Passphrase = []byte(text)
	return s, nil
}

// Options are those of the device.
func (s Settings) Options(stderr io.Writer) []device.Option {
	options := []device.Option{device.WithLogger(s.Logger(stderr))}
	if s.Outbox != "" {
		options = append(options, device.WithOutbox(s.Outbox))
	}
	return options
}

// Logger writes warnings, or everything when the user asked for it.
func (s Settings) Logger(w io.Writer) *slog.Logger {
	level := slog.LevelWarn
	if s.Verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
