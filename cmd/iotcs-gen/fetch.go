package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/iotcs-go/iotcs/internal/secrets"
	"github.com/iotcs-go/iotcs/runtime/fetch"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

func (p *program) fetchCommand() *cli.Command {
	return &cli.Command{
		Name:  "fetch",
		Usage: "bring device models from a server into a folder",
		Description: "As a user (--server, --user) or as an activated device (--conf), whose file is only read.\n" +
			"Nothing is written unless every model could be read. Passwords and passphrases come from a file,\n" +
			"from IOTCS_PASSWORD or IOTCS_PASSPHRASE, or from the terminal.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "conf", Usage: "provisioning `FILE` of an activated device"},
			&cli.StringFlag{Name: "passphrase-file", Usage: "`FILE` with its passphrase"},
			&cli.StringFlag{Name: "server", Usage: "server as `URL`, https://host[:port]"},
			&cli.StringFlag{Name: "user", Usage: "`NAME` of a user of the server"},
			&cli.StringFlag{Name: "password-file", Usage: "`FILE` with the user's password"},
			&cli.StringFlag{Name: "ca", Usage: "`PEM` file of the certificates to trust (default: those of the platform)"},
			&cli.BoolFlag{Name: "all", Usage: "all models of the server", DisableDefaultText: true},
			&cli.StringSliceFlag{Name: "urn", Usage: "the model with this `URN`; may be repeated"},
			&cli.StringFlag{Name: "models", Usage: "folder `DIR` of the models", Value: "models"},
		},
		Action: p.fetch,
	}
}

// errUsage says what is missing on the command line.
var errUsage = errors.New("give --conf FILE, or --server URL and --user NAME; and --urn URN or, as a user, --all")

func (p *program) fetch(c *cli.Context) (err error) {
	asDevice, urns := c.String("conf") != "", c.StringSlice("urn")
	switch {
	case c.Args().Present():
		return fmt.Errorf("fetch takes no arguments: %s; models are named with --urn", c.Args().First())
	case asDevice == (c.String("server") != ""), !asDevice && c.String("user") == "":
		return errUsage
	case c.Bool("all") == (len(urns) > 0):
		return errUsage
	case asDevice && c.Bool("all"):
		return fetch.ErrCannotList
	case asDevice && (c.String("ca") != "" || c.String("user") != ""):
		return errors.New("--ca and --user do not go with --conf: the provisioning file names server and certificates")
	}
	source, err := p.source(c, asDevice)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if c.Bool("all") {
		if urns, err = source.List(c.Context); err != nil {
			return err
		}
	}
	return p.bring(c.Context, source, p.path(c.String("models")), urns, c.Bool("all"))
}

// source reaches the server in the way that the flags choose.
func (p *program) source(c *cli.Context, asDevice bool) (fetch.Source, error) {
	if asDevice {
		passphrase, err := p.secret(c, "passphrase")
		if err != nil {
			return nil, err
		}
		defer trust.Wipe(passphrase)
		file, err := trust.Open(p.path(c.String("conf")), passphrase)
		if err != nil {
			return nil, err
		}
		source, err := fetch.AsDevice(file, nil)
		if errors.Is(err, fetch.ErrNotActivated) {
			return nil, fmt.Errorf("%s: %w: start the device once, or fetch as a user", c.String("conf"), err)
		}
		return source, err
	}
	password, err := p.secret(c, "password")
	if err != nil {
		return nil, err
	}
	defer trust.Wipe(password)
	config := fetch.UserConfig{URL: c.String("server"), User: c.String("user"), Password: string(password)}
	if path := c.String("ca"); path != "" {
		anchors, err := secrets.ReadAnchors(p.path(path))
		if err != nil {
			return nil, err
		}
		config.Roots = x509.NewCertPool()
		for _, a := range anchors {
			config.Roots.AddCert(a)
		}
	}
	return fetch.AsUser(config)
}

// secret reads a passphrase or password.
func (p *program) secret(c *cli.Context, what string) ([]byte, error) {
	variable := map[string]string{"passphrase": "IOTCS_PASSPHRASE", "password": "IOTCS_PASSWORD"}[what]
	file := c.String(what + "-file")
	if file != "" {
		file = p.path(file)
	}
	return secrets.Read(c.Context, secrets.Source{
		What: what, Flag: what + "-file", File: file, Variable: variable, Env: p.getenv, Stdin: p.stdin, Out: p.stderr,
	})
}

// path is a path of the command line seen from the working directory.
func (p *program) path(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.dir, path)
}

// bring fetches the models and tells what became of each. A draft that was asked
// for by name is a "no".
func (p *program) bring(ctx context.Context, source fetch.Source, dir string, urns []string, all bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	progress, done := p.progress(len(urns))
	results, err := fetch.Into(ctx, dir, source, urns, progress)
	done()
	counts := make(map[fetch.Status]int)
	for _, r := range results {
		counts[r.Status]++
		fmt.Fprintf(p.stdout, "%-9s %s\n", r.Status, r.URN)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s: %d new, %d changed, %d unchanged, %s not written\n", count(len(results), "model"),
		counts[fetch.New], counts[fetch.Changed], counts[fetch.Unchanged], count(counts[fetch.Draft], "draft"))
	if counts[fetch.Draft] > 0 && !all {
		return errNo
	}
	return nil
}

// progress shows a bar on a terminal and nothing elsewhere: the lines of the
// results are enough there.
func (p *program) progress(n int) (step func(done, all int, urn string), end func()) {
	out, ok := p.stderr.w.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) || n < 2 {
		return nil, func() {}
	}
	bar := progressbar.NewOptions(n, progressbar.OptionSetWriter(out), progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("fetching"))
	return func(done, _ int, _ string) { _ = bar.Set(done) }, func() { _ = bar.Finish() } // a bar that cannot be drawn harms nothing
}
