package main

import (
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/iotcs-go/iotcs/internal/secrets"
	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/urfave/cli/v2"
)

const createUsage = name + " create --secret-file F --conf FILE [--anchor PEM] [--icd ID=SECRETFILE]... [--enterprise] [--passphrase-file P] URI ID"

func (p *program) createCommand() *cli.Command {
	return p.command(&cli.Command{
		Name:  "create",
		Usage: "make a provisioning file; never overwrites one",
		Description: "URI is [https://|mqtts://]host[:port], ID the activation id of the registered device,\n" +
			"or the id of the integration with --enterprise. Secrets are read from files of one line.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "secret-file", Usage: "`file` with the shared secret"},
			&cli.StringFlag{Name: "conf", Usage: "the provisioning `file` to make"},
			&cli.StringFlag{Name: "anchor", Usage: "PEM `file`: its certificates become the only trusted ones; without it the system's roots are"},
			&cli.StringSliceFlag{Name: "icd", Usage: "an indirectly connected device, as `ID=SECRETFILE`; may be repeated"},
			&cli.BoolFlag{Name: "enterprise", Usage: "make the file of an enterprise integration"},
		},
	}, createUsage, 2, p.create)
}

func (p *program) create(c *cli.Context) error {
	conf, secretFile := c.String("conf"), c.String("secret-file")
	if conf == "" || secretFile == "" {
		return &usageError{text: "--secret-file and --conf are needed"}
	}
	if _, err := os.Lstat(conf); err == nil { // before anybody types a passphrase
		return fmt.Errorf("%s: %w: it is never overwritten", conf, fs.ErrExist)
	}
	cfg := trust.Config{ServerURI: c.Args().Get(0), ClientID: c.Args().Get(1), Enterprise: c.Bool("enterprise")}
	var err error
	if cfg.Secret, err = secrets.ReadLine(secretFile, "the shared secret"); err != nil {
		return err
	}
	defer trust.Wipe(cfg.Secret)
	for _, icd := range c.StringSlice("icd") {
		device, err := connectedDevice(icd)
		if err != nil {
			return err
		}
		defer trust.Wipe(device.Secret)
		cfg.ConnectedDevices = append(cfg.ConnectedDevices, device)
	}
	if anchor := c.String("anchor"); anchor != "" {
		if cfg.TrustAnchors, err = secrets.ReadAnchors(anchor); err != nil {
			return err
		}
	}
	passphrase, err := p.passphrase(c, true)
	if err != nil {
		return err
	}
	defer trust.Wipe(passphrase)
	return p.write(conf, passphrase, cfg)
}

func (p *program) write(conf string, passphrase []byte, cfg trust.Config) error {
	if err := trust.Create(conf, passphrase, cfg); err != nil {
		return err
	}
	f, err := trust.Open(conf, passphrase)
	if err != nil {
		return fmt.Errorf("reading back what was written: %w", err)
	}
	defer f.Wipe()
	fmt.Fprintf(p.stdout, "Created trusted assets store: %s\n", printable(conf))
	for _, note := range append(compatibility(f), passphraseNotes(passphrase)...) {
		p.note(conf, note)
	}
	return nil
}

func connectedDevice(flag string) (trust.ConnectedDevice, error) {
	id, file, found := strings.Cut(flag, "=")
	if !found || id == "" || file == "" {
		return trust.ConnectedDevice{}, &usageError{text: fmt.Sprintf("--icd %q: give ID=SECRETFILE", flag)}
	}
	secret, err := secrets.ReadLine(file, fmt.Sprintf("the shared secret of %q", id))
	return trust.ConnectedDevice{ID: id, Secret: secret}, err
}

func (p *program) note(path, text string) {
	fmt.Fprintf(p.stderr, "%s: note: %s\n", printable(path), oneLine(text))
}
