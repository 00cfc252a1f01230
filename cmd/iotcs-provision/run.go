package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"
)

const name = "iotcs-provision"

// Exit codes, the same for all commands of the project.
const (
	exitFine  = 0
	exitNo    = 1 // the answer is "no"
	exitWrong = 2 // wrong use, or it could not be found out
)

// program is what a command sees of the outside.
type program struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	env    func(string) string
}

// errNo is the answer "no"; what there is to say about it has been said.
var errNo = errors.New("no")

// usageError is wrong use of a command.
type usageError struct {
	text  string
	usage string // the right order of the command; "" shows the commands
}

func (e *usageError) Error() string { return e.text }

// run is the command: args without the program's name in, exit code out.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, env: env}
	err := p.app().RunContext(ctx, append([]string{name}, args...))
	var wrong *usageError
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errNo):
		return exitNo
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "%s: %s\n", name, wrong.text)
		if wrong.usage == "" {
			wrong.usage = name + " create|list|verify|complete [flags] arguments (see --help)"
		}
		fmt.Fprintf(stderr, "usage: %s\n", wrong.usage)
	default:
		fmt.Fprintf(stderr, "%s: %s\n", name, oneLine(err.Error()))
	}
	return exitWrong
}

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
		Usage:                     "make, list and check provisioning files",
		Version:                   buildVersion(),
		Writer:                    p.stdout,
		ErrWriter:                 p.stderr,
		DisableSliceFlagSeparator: true, // file names may have commas
		Commands:                  []*cli.Command{p.createCommand(), p.listCommand(), p.verifyCommand(), p.completeCommand()},
		ExitErrHandler:            func(*cli.Context, error) {}, // run decides
		OnUsageError: func(_ *cli.Context, err error, _ bool) error {
			return &usageError{text: err.Error()}
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return &usageError{text: fmt.Sprintf("unknown command %q", c.Args().First())}
			}
			return &usageError{text: "no command given"}
		},
	}
}

// command finishes a sub-command: usage is its right order, arguments how many it
// takes.
func (p *program) command(c *cli.Command, usage string, arguments int, action func(*cli.Context) error) *cli.Command {
	c.UsageText = usage
	c.HideHelpCommand = true
	c.Flags = append(c.Flags, &cli.StringFlag{Name: "passphrase-file", Usage: "`file` with the passphrase, else " + passphraseVariable + " or a prompt"})
	c.OnUsageError = func(_ *cli.Context, err error, _ bool) error {
		return &usageError{err.Error(), usage}
	}
	c.Action = func(ctx *cli.Context) error {
		for _, argument := range ctx.Args().Slice() {
			if strings.HasPrefix(argument, "-") {
				return &usageError{fmt.Sprintf("%q: flags stand before arguments", argument), usage}
			}
		}
		if n := ctx.Args().Len(); n != arguments {
			return &usageError{fmt.Sprintf("%d arguments given, %d needed", n, arguments), usage}
		}
		for _, argument := range ctx.Args().Slice() {
			if argument == "" {
				return &usageError{"an argument is empty", usage}
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

func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
