package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

const execUsage = name + " exec [--strict] [--seed DIR] [--data DIR] [--verbose] -- COMMAND [ARGUMENT...]"

func (p *program) execCommand() *cli.Command {
	c := &cli.Command{
		Name:  "exec",
		Usage: "serve while a command runs",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "strict", Usage: "exit 1 when a message broke its device model"},
			&cli.StringFlag{Name: "seed", Usage: "add the device models of the `folder`"},
			&cli.StringFlag{Name: "data", Usage: "keep the state in the `folder`; in memory without it"},
			&cli.BoolFlag{Name: "no-key-cache", Usage: "do not keep the certificate authority in the cache folder"},
			&cli.BoolFlag{Name: "verbose", Usage: "log what happens, not only what goes wrong"},
		},
	}
	return command(c, execUsage, true, func(c *cli.Context) error {
		if !c.Args().Present() {
			return &usageError{text: "no command given"}
		}
		config := serveConfig{listen: "localhost:0", seed: c.String("seed"), data: c.String("data"), noKeyCache: c.Bool("no-key-cache"), verbose: c.Bool("verbose")}
		return p.exec(config, c.Bool("strict"), c.Args().Slice())
	})
}

// exec serves on a free port, runs the command with the environment that leads there, and ends with its exit code.
func (p *program) exec(config serveConfig, strict bool, args []string) (err error) {
	dir, err := os.MkdirTemp("", name+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	config.readyFile = filepath.Join(dir, "ready.json")
	s, err := p.startService(config)
	if err != nil {
		return err
	}
	code, runErr := p.runChild(s.announced, args)
	violations := s.emulator.Violating()
	if err := errors.Join(runErr, s.stop()); err != nil {
		return err
	}
	switch {
	case code != 0:
		return exitError(code)
	case strict && violations > 0:
		p.complain(fmt.Errorf("%d messages broke their device model", violations))
		return errNo
	}
	return nil
}

// environment leads a command to the emulator.
func environment(a *announcement) []string {
	return append(os.Environ(),
		"IOTCS_URL="+a.info.URL, "IOTCS_CA="+a.info.CA, "IOTCS_USER="+a.info.User, "IOTCS_PASSWORD_FILE="+a.info.PasswordFile, readyVariable+"="+a.path)
}

// runChild runs the command to its end, passes signals on to it, and gives its exit code.
func (p *program) runChild(a *announcement, args []string) (code int, err error) {
	child := exec.Command(args[0], args[1:]...)
	child.Env, child.Dir = environment(a), p.dir
	child.Stdin, child.Stdout, child.Stderr = p.stdin, p.stdout, p.stderr
	if err := child.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for {
		select {
		case s := <-p.signals:
			if p.reachesChild(s) {
				continue
			}
			if err := child.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
				p.complain(fmt.Errorf("%v could not be passed on: %w", s, err))
			}
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return 0, err
			}
			return exitCode(child.ProcessState), nil
		}
	}
}

// reachesChild tells whether a signal comes to the command by itself: a terminal sends an interrupt to all processes in its foreground.
func (p *program) reachesChild(s os.Signal) bool {
	terminal, ok := p.stdin.(*os.File)
	return s == os.Interrupt && ok && term.IsTerminal(int(terminal.Fd()))
}
