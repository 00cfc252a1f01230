package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/iotcs-go/iotcs/gen"
)

func (p *program) lintCommand() *cli.Command {
	return &cli.Command{
		Name:      "lint",
		Usage:     "say what is wrong with device models",
		ArgsUsage: "[PATH...]",
		Description: "Reads every model with the loader's rules and the JSON Schema and prints all findings of all files.\n" +
			"Exits 1 when one of them is an error; warnings and notes alone exit 0. Without PATH it reads what generate would.",
		Flags: append(inputFlags(), formatFlag()),
		Action: func(c *cli.Context) error {
			r, err := p.reporter(c)
			if err != nil {
				return err
			}
			return r.finish(p.lint(c, r))
		},
	}
}

func (p *program) lint(c *cli.Context, r *reporter) error {
	config, err := p.load(c, r)
	if err != nil {
		return err
	}
	found, err := gen.Lint(c.Context, config)
	if err != nil {
		return err
	}
	r.add(found...)
	levels := make(map[gen.Level]int)
	for _, f := range found {
		levels[f.Level]++
	}
	r.say("%s, %s", count(levels[gen.Error], "error"), count(levels[gen.Warning], "warning"))
	switch {
	case slices.ContainsFunc(found, func(f gen.Diagnostic) bool { return f.Rule == gen.RuleRead && f.Level == gen.Error }):
		return errTrouble
	case levels[gen.Error] > 0:
		return errNo
	}
	return nil
}
