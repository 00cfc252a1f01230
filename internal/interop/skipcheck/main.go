package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/iotcs-go/iotcs/internal/interop"
)

func main() {
	passes := os.Args[1:]
	if len(passes) == 0 {
		fmt.Fprintln(os.Stderr, `usage: skipcheck "arguments of one go test" ...`)
		os.Exit(2)
	}
	tally := newTally()
	for _, pass := range passes {
		if err := run(strings.Fields(pass), tally, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "skipcheck:", err)
			os.Exit(2)
		}
	}
	if !tally.summarize(os.Stdout, interop.Wanted()) {
		os.Exit(1)
	}
}

// run is one pass: it starts go test and adds its events to tally. Failures of
// tests are tally's business; the error is one of running go test at all.
func run(arguments []string, tally *tally, out io.Writer) error {
	fmt.Fprintln(out, "go test", strings.Join(arguments, " "))
	command := exec.Command("go", append([]string{"test", "-json"}, arguments...)...)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	readErr := readEvents(stdout, newPrinter(out, tally))
	err = command.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		tally.failedPasses++
		err = nil
	}
	return errors.Join(readErr, err)
}
