package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/iotcs-go/iotcs/gen"
)

func (p *program) generateCommand() *cli.Command {
	return &cli.Command{
		Name:      "generate",
		Usage:     "generate Go packages from device models",
		ArgsUsage: "[PATH...]",
		Description: "Without flags and configuration, models/ goes to generated/. Nothing is written when anything is wrong.\n" +
			"A PATH is a file or a folder of device models, like one named with --models.",
		Flags: slices.Concat(inputFlags(), outputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "prune", Usage: "delete generated files that nothing stands behind any more", DisableDefaultText: true},
			&cli.BoolFlag{Name: "force", Usage: "overwrite generated files that were edited by hand", DisableDefaultText: true},
			formatFlag(),
		}),
		Action: func(c *cli.Context) error {
			r, err := p.reporter(c)
			if err != nil {
				return err
			}
			return r.finish(p.generate(c, r))
		},
	}
}

func (p *program) generate(c *cli.Context, r *reporter) error {
	result, err := p.result(c, r)
	if err != nil {
		return err
	}
	sum, err := result.Write(c.Context, gen.WriteOptions{Force: c.Bool("force"), Prune: c.Bool("prune")})
	if blocked, ok := errors.AsType[*gen.BlockedError](err); ok {
		r.add(blocked.Diagnostics...)
		return errTrouble
	}
	if err != nil {
		return err
	}
	r.add(sum.Left...)
	left := r.settle(len(sum.Written) > 0)
	r.out.Written, r.out.Deleted = sum.Written, sum.Deleted
	for _, path := range sum.Written {
		r.say("wrote %s", path)
	}
	for _, path := range sum.Deleted {
		r.say("deleted %s", path)
	}
	r.say("%s in %s: %s written, %d current%s", count(result.Packages(), "package"), folders(result), count(len(sum.Written), "file"), sum.Current, left)
	return nil
}

// result does what generate and check have in common: everything in memory, and the findings printed.
func (p *program) result(c *cli.Context, r *reporter) (*gen.Result, error) {
	config, err := p.load(c, r)
	if err != nil {
		return nil, err
	}
	result, err := gen.Run(c.Context, config)
	if err != nil {
		return nil, err
	}
	r.hold(result.Diagnostics...)
	if result.Failed() {
		return nil, errTrouble
	}
	return result, nil
}

func folders(result *gen.Result) string {
	var all []string
	for _, f := range result.Folders {
		all = append(all, f.Dir)
	}
	return strings.Join(all, ", ")
}
