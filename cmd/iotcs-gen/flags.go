package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/iotcs-go/iotcs/gen"
)

// inputFlags choose what a command works on.
func inputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "configuration `FILE` (default: " + gen.ConfigName + " here or above, up to the module's root)"},
		&cli.StringSliceFlag{Name: "models", Usage: "`PATH` of device models, a file or a folder; replaces those of the configuration; may be repeated"},
	}
}

// outputFlags choose where a command writes or looks.
func outputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "out", Usage: "output folder `DIR`; replaces those of the configuration"},
		&cli.StringSliceFlag{Name: "urn", Usage: "only the model with this `URN`; may be repeated"},
	}
}

func formatFlag() cli.Flag {
	return &cli.StringFlag{Name: "format", Value: "text", Usage: "how findings are printed: text, json or github (workflow commands)"}
}

// load reads the configuration as the flags and arguments say, and prints what is wrong with it.
func (p *program) load(c *cli.Context, r *reporter) (gen.Config, error) {
	for _, name := range []string{"config", "out"} {
		if c.IsSet(name) && c.String(name) == "" {
			return gen.Config{}, fmt.Errorf("--%s needs a value", name)
		}
	}
	models := slices.Concat(c.StringSlice("models"), c.Args().Slice())
	if slices.Contains(models, "") || slices.Contains(c.StringSlice("urn"), "") {
		return gen.Config{}, errors.New("a path or URN on the command line is empty")
	}
	config, found := gen.Load(p.dir, gen.Flags{Config: c.String("config"), Models: models, Out: c.String("out"), URNs: c.StringSlice("urn")})
	r.add(found...)
	if gen.Worst(found) == gen.Error {
		return config, errTrouble
	}
	return config, nil
}

// usageError words what the flag parser says, and shows a way out.
func (p *program) usageError(c *cli.Context, err error, _ bool) error {
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return fmt.Errorf("%w; see %s --help", err, c.Command.HelpName)
	}
	var known []string
	for _, f := range flagsOf(c) {
		known = append(known, f.Names()...)
	}
	near := gen.Nearest(strings.TrimPrefix(name, "-"), known)
	if near != "" {
		near = "--" + near
	}
	return fmt.Errorf("there is no flag --%s; %s", strings.TrimPrefix(name, "-"), didYouMean(near, "see "+c.Command.HelpName+" --help"))
}

func flagsOf(c *cli.Context) []cli.Flag {
	if c.Command != nil && len(c.Command.Flags) > 0 {
		return c.Command.Flags
	}
	return c.App.Flags
}

// rightOrder is the command line with its flags before its arguments.
func rightOrder(cmd *cli.Command, args []string) string {
	takesValue := make(map[string]bool)
	for _, f := range cmd.Flags {
		_, isSwitch := f.(*cli.BoolFlag)
		for _, name := range f.Names() {
			takesValue[name] = !isSwitch
		}
	}
	at := slices.Index(args, cmd.Name) + 1
	var flags, others []string
	for i := at; i < len(args); i++ {
		arg := args[i]
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			others = append(others, shellWord(arg))
			continue
		}
		if arg == "--" {
			continue
		}
		flags = append(flags, shellWord(arg))
		if takesValue[strings.TrimLeft(arg, "-")] && i+1 < len(args) {
			i++
			flags = append(flags, shellWord(args[i]))
		}
	}
	return strings.Join(slices.Concat([]string{"iotcs-gen", cmd.Name}, flags, others), " ")
}

// shellWord quotes an argument that a shell would take apart.
func shellWord(arg string) string {
	if arg != "" && !strings.ContainsAny(arg, " \t\n'\"\\$`*?[]{}()<>|&;#~!") {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
