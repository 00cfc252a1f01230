package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/iotcs-go/iotcs/gen/source"
)

const modelAddUsage = name + " model add [--emulator READYFILE] PATH..."

func emulatorFlag() cli.Flag {
	return &cli.StringFlag{Name: "emulator", Usage: "ready `file` of the emulator, else " + readyVariable + ", else the usual place"}
}

func (p *program) modelAddCommand() *cli.Command {
	c := &cli.Command{Name: "add", Usage: "add device models from files and folders", Flags: []cli.Flag{emulatorFlag()}}
	return command(c, modelAddUsage, false, func(c *cli.Context) error {
		if !c.Args().Present() {
			return &usageError{text: "no file given"}
		}
		return p.addModels(c.Context, c.String("emulator"), c.Args().Slice())
	})
}

// addModels adds what it can; each model that the emulator refuses is one line, and makes the answer "no".
func (p *program) addModels(ctx context.Context, readyFile string, paths []string) error {
	set, err := source.Read(ctx, p.dir, paths)
	if err != nil {
		return err
	}
	for _, problem := range set.Problems {
		p.complain(problem)
	}
	for _, skipped := range set.Skipped {
		fmt.Fprintf(p.stderr, "%s: %s left out: %s\n", name, skipped.Path, skipped.Reason)
	}
	if len(set.Problems) > 0 {
		return exitError(exitWrong)
	}
	cloud, err := p.cloud(readyFile)
	if err != nil {
		return err
	}
	refused := false
	for _, file := range set.Files {
		var model struct {
			URN string `json:"urn"`
		}
		err := cloud.call(ctx, "POST", "/deviceModels", file.Data, &model)
		var no *refusal
		switch {
		case errors.As(err, &no):
			fmt.Fprintf(p.stderr, "%s: %s\n", file.Path, oneLine(no.Error()))
			refused = true
		case err != nil:
			return err
		default:
			fmt.Fprintf(p.stdout, "added %s from %s\n", model.URN, file.Path)
		}
	}
	if refused {
		return errNo
	}
	return nil
}
