package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/iotcs-go/iotcs/gen"
)

func (p *program) initCommand() *cli.Command {
	return &cli.Command{
		Name:        "init",
		Usage:       "write a configuration file with comments",
		ArgsUsage:   " ",
		Description: "Writes " + gen.ConfigName + " into the working directory. A file of that name is never overwritten.",
		Action:      p.init,
	}
}

func (p *program) init(c *cli.Context) error {
	if c.NArg() > 0 {
		return errors.New("init takes no arguments")
	}
	path := filepath.Join(p.dir, gen.ConfigName)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; delete it to start anew", gen.ConfigName)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(gen.Template)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	_, err = fmt.Fprintln(p.stdout, "wrote", gen.ConfigName)
	return err
}
