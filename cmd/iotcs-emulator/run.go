package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"
)

const name = "iotcs-emulator"

// Exit codes, the same for all commands of the project.
const (
	exitFine  = 0
	exitNo    = 1 // the answer is "no"
	exitWrong = 2 // wrong use, or it could not be done
)

// program is what a command sees of the outside.
type program struct {
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	env     func(string) string
	dir     string           // working directory
	signals <-chan os.Signal // that reach the process
}

// errNo is the answer "no"; what there is to say about it has been said.
var errNo = errors.New("no")

// exitError ends the program with the exit code of the command that exec ran.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usageError is wrong use of a command.
type usageError struct {
	text  string
	usage string // the right order of the command; "" shows the commands
}

func (e *usageError) Error() string { return e.text }

// run is the command: args without the program's name in, exit code out.
func (p *program) run(args []string) int {
	err := p.app().RunContext(context.Background(), append([]string{name}, args...))
	var wrong *usageError
	var code exitError
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errNo):
		return exitNo
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &wrong):
		fmt.Fprintf(p.stderr, "%s: %s\n", name, oneLine(wrong.text))
		if wrong.usage == "" {
			wrong.usage = name + " serve|model add|device add|exec [flags] arguments (see --help)"
		}
		fmt.Fprintf(p.stderr, "usage: %s\n", wrong.usage)
	default:
		p.complain(err)
	}
	return exitWrong
}

// complain prints an error on a line of its own.
func (p *program) complain(err error) { fmt.Fprintf(p.stderr, "%s: %s\n", name, oneLine(err.Error())) }

// oneLine keeps an error on its line, whatever a file or a server put into it.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return ';'
		}
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, text)
}

func (p *program) app() *cli.App {
	return &cli.App{
		Name:                      name,
		HelpName:                  name,
		Usage:                     "a local server in the place of the Oracle IoT Cloud Service",
		Version:                   buildVersion(),
		Writer:                    p.stdout,
		ErrWriter:                 p.stderr,
		DisableSliceFlagSeparator: true,                         // file names may have commas
		ExitErrHandler:            func(*cli.Context, error) {}, // run decides
		OnUsageError:              func(_ *cli.Context, err error, _ bool) error { return &usageError{text: err.Error()} },
		Action:                    unknownCommand(""),
		Commands: []*cli.Command{
			p.serveCommand(),
			group("model", "device models of a running emulator", p.modelAddCommand()),
			group("device", "devices of a running emulator", p.deviceAddCommand()),
			p.execCommand(),
		},
	}
}

// group is a command that only has others below it.
func group(word, usage string, commands ...*cli.Command) *cli.Command {
	return &cli.Command{
		Name: word, Usage: usage, Subcommands: commands, HideHelpCommand: true, Action: unknownCommand(word + " "),
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return &usageError{text: err.Error()} },
	}
}

func unknownCommand(prefix string) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.Args().Present() {
			return &usageError{text: fmt.Sprintf("unknown command %q", prefix+c.Args().First())}
		}
		return &usageError{text: "no command given"}
	}
}

// command finishes a sub-command: usage is its right order. Arguments that look like flags stand in the wrong place, unless the
// arguments are a command of their own.
func command(c *cli.Command, usage string, ownCommand bool, action func(*cli.Context) error) *cli.Command {
	c.UsageText = usage
	c.HideHelpCommand = true
	c.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return &usageError{err.Error(), usage} }
	c.Action = func(ctx *cli.Context) error {
		for _, argument := range ctx.Args().Slice() {
			if strings.HasPrefix(argument, "-") && !ownCommand {
				return &usageError{fmt.Sprintf("%q: flags stand before arguments", argument), usage}
			}
		}
		err := action(ctx)
		var wrong *usageError
		if errors.As(err, &wrong) && wrong.usage == "" {
			wrong.usage = usage
		}
		return err
	}
	return c
}

// none refuses arguments.
func none(c *cli.Context) error {
	if c.Args().Present() {
		return &usageError{text: fmt.Sprintf("unknown argument %q", c.Args().First())}
	}
	return nil
}

func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
