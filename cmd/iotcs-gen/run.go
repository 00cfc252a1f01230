package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/iotcs-go/iotcs/gen"
)

// Exit codes.
const (
	exitFine    = 0
	exitNo      = 1 // the answer is no: stale, findings
	exitTrouble = 2 // wrong use, unreadable input, or it could not be found out
)

// errNo and errTrouble end a command whose findings are printed already.
var (
	errNo      = errors.New("the answer is no")
	errTrouble = errors.New("it could not be done")
)

// program is one run of the command: its arguments and surroundings.
type program struct {
	args           []string
	dir            string
	env            []string
	stdin          io.Reader
	stdout, stderr *sink
}

// run executes one command line and gives the exit code. It is main without the process: args[0] is the program's name, env holds
// "name=value" texts, dir is the working directory.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env []string, dir string) int {
	p := &program{args: args, dir: dir, env: env, stdin: stdin, stdout: &sink{w: stdout}, stderr: &sink{w: stderr}}
	err := p.app().RunContext(ctx, args)
	switch {
	case err == nil && p.stdout.err != nil:
		fmt.Fprintln(p.stderr, "iotcs-gen: cannot write to standard output:", p.stdout.err)
		return exitTrouble
	case err == nil:
		return exitFine
	case errors.Is(err, errNo):
		return exitNo
	case errors.Is(err, errTrouble):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.stderr, "iotcs-gen: interrupted; nothing is half-written")
	default:
		fmt.Fprintln(p.stderr, "iotcs-gen:", err)
	}
	return exitTrouble
}

// getenv finds a variable of the environment; the last one of a name counts.
func (p *program) getenv(name string) string {
	for _, text := range slices.Backward(p.env) {
		if value, ok := strings.CutPrefix(text, name+"="); ok {
			return value
		}
	}
	return ""
}

// sink remembers that writing failed, so that a full disk does not look like success.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	if s.err == nil {
		s.err = err
	}
	return n, err
}

func (p *program) app() *cli.App {
	app := &cli.App{
		Name:                      "iotcs-gen",
		HelpName:                  "iotcs-gen",
		Usage:                     "typed Go packages from device models",
		Description:               "Exit codes: 0 fine, 1 the answer is no (stale, findings), 2 wrong use, unreadable input, or it could not be found out.",
		HideVersion:               true,
		Flags:                     []cli.Flag{versionFlag()},
		Writer:                    p.stdout,
		ErrWriter:                 p.stderr,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              p.usageError,
		Action:                    p.noCommand,
		Commands:                  []*cli.Command{p.initCommand(), p.generateCommand(), p.checkCommand(), p.lintCommand(), p.fetchCommand(), p.explainCommand()},
	}
	for _, c := range app.Commands {
		c.Flags = append(c.Flags, versionFlag())
		c.HideHelpCommand = true
		c.OnUsageError = p.usageError
		c.Action = p.guarded(c.Action)
	}
	return app
}

func versionFlag() cli.Flag {
	return &cli.BoolFlag{Name: "version", Usage: "print the version and stop", DisableDefaultText: true}
}

// noCommand runs when no sub-command was found.
func (p *program) noCommand(c *cli.Context) error {
	if c.Bool("version") {
		return p.version()
	}
	name := c.Args().First()
	if name == "" {
		return errors.New("which command? See iotcs-gen --help")
	}
	names := []string{"help"}
	for _, cmd := range c.App.Commands {
		names = append(names, cmd.Name)
	}
	return fmt.Errorf("there is no command %q; %s", name, didYouMean(gen.Nearest(name, names), "see iotcs-gen --help"))
}

func didYouMean(near, otherwise string) string {
	if near == "" {
		return otherwise
	}
	return "did you mean " + near + "?"
}

// guarded does for every sub-command what the flag parser leaves: the version, and flags that stand behind arguments.
func (p *program) guarded(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.Bool("version") {
			return p.version()
		}
		for _, arg := range c.Args().Slice() {
			if strings.HasPrefix(arg, "-") {
				return fmt.Errorf("flags stand before arguments: %s", rightOrder(c.Command, p.args))
			}
		}
		return action(c)
	}
}

// version prints what was built: the module's version, or the commit of a build in a working copy.
func (p *program) version() error {
	version, toolchain := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		toolchain = info.GoVersion
		if info.Main.Version != "" {
			version = info.Main.Version
		}
	}
	_, err := fmt.Fprintln(p.stdout, "iotcs-gen", version, toolchain)
	return err
}
