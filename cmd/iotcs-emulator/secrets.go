package main

import (
	"context"
	"errors"

	"github.com/iotcs-go/iotcs/internal/secrets"
)

const (
	passphraseVariable = "IOTCS_PASSPHRASE"
	passwordVariable   = "IOTCS_PASSWORD"
)

// passphrase of a new provisioning file: from a file, the environment, or the terminal, there twice. A signal ends the question.
func (p *program) passphrase(file string) ([]byte, error) {
	if file != "" {
		file = p.absolute(file)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	answered := make(chan struct{})
	defer close(answered)
	go func() {
		select {
		case <-p.signals:
			cancel()
		case <-answered:
		}
	}()
	passphrase, err := secrets.Read(ctx, secrets.Source{
		What: "passphrase", Flag: "passphrase-file", File: file, Variable: passphraseVariable,
		Env: p.env, Stdin: p.stdin, Out: p.stderr, Again: true,
	})
	if errors.Is(err, secrets.ErrNone) {
		return nil, &usageError{text: err.Error()}
	}
	return passphrase, err
}
