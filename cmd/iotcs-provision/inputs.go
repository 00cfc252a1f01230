package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/iotcs-go/iotcs/internal/secrets"
)

const passphraseVariable = "IOTCS_PASSPHRASE"

// passphrase asks in this order: --passphrase-file, the environment, the terminal,
// there twice when a new file is to be made. The caller wipes it.
func (p *program) passphrase(c *cli.Context, again bool) ([]byte, error) {
	secret, err := secrets.Read(c.Context, secrets.Source{
		What: "passphrase", Flag: "passphrase-file", File: c.String("passphrase-file"),
		Variable: passphraseVariable, Env: p.env, Stdin: p.stdin, Out: p.stderr, Again: again,
	})
	if errors.Is(err, secrets.ErrNone) {
		return nil, &usageError{text: err.Error()}
	}
	return secret, err
}
