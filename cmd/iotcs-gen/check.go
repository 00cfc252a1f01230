package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"
)

func (p *program) checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "tell whether generated packages are up to date, without writing",
		ArgsUsage: "[PATH...]",
		Description: "Exits 1 and names every file that is stale, missing, orphaned or edited by hand; differences are printed as a unified diff.\n" +
			"It takes the flags of generate, so that one command line serves both; --prune and --force change nothing here.",
		Flags: slices.Concat(inputFlags(), outputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "prune", Usage: "no effect: check never deletes", DisableDefaultText: true},
			&cli.BoolFlag{Name: "force", Usage: "no effect: check never writes", DisableDefaultText: true},
			formatFlag(),
		}),
		Action: func(c *cli.Context) error {
			r, err := p.reporter(c)
			if err != nil {
				return err
			}
			return r.finish(p.check(c, r))
		},
	}
}

func (p *program) check(c *cli.Context, r *reporter) error {
	result, err := p.result(c, r)
	if err != nil {
		return err
	}
	drift := result.Drift()
	left := r.settle(len(drift) > 0)
	for _, d := range drift {
		r.one(d.Diagnostic, d.Diff)
	}
	if len(drift) > 0 {
		if r.text() {
			fmt.Fprintf(p.stderr, "iotcs-gen: %s in %s not up to date\n", count(len(drift), "file"), folders(result))
		}
		return errNo
	}
	r.say("%s in %s: up to date%s", count(result.Packages(), "package"), folders(result), left)
	return nil
}
