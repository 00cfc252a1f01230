package main

import (
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/urfave/cli/v2"
)

const completeUsage = name + " complete --endpoint ID [--passphrase-file P] FILE"

func (p *program) completeCommand() *cli.Command {
	return p.command(&cli.Command{
		Name:  "complete",
		Usage: "finish an activation that the server has accepted and the device could not store",
		Description: "The key waits in FILE.pending; ID is the endpoint id that the server shows for the device.\n" +
			"Doing it again changes nothing.",
		Flags: []cli.Flag{&cli.StringFlag{Name: "endpoint", Usage: "the endpoint `ID`"}},
	}, completeUsage, 1, p.complete)
}

func (p *program) complete(c *cli.Context) error {
	endpoint, path := c.String("endpoint"), c.Args().First()
	if endpoint == "" {
		return &usageError{text: "--endpoint is needed"}
	}
	passphrase, err := p.passphrase(c, false)
	if err != nil {
		return err
	}
	defer trust.Wipe(passphrase)
	if err := trust.CompletePending(path, passphrase, endpoint); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "Activated trusted assets store: %s\n Device ID: %s\n", printable(path), printable(endpoint))
	return err
}
