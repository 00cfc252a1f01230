package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

const (
	passphraseVariable = "IOTCS_PASSPHRASE"
	passwordVariable   = "IOTCS_PASSWORD"
	maxSecret          = 65535 // bytes
)

// readSecret reads a secret from the only line of a file. Errors show nothing of it.
func readSecret(path, what string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSecret+3))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	switch {
	case len(line) == 0:
		return nil, fmt.Errorf("%s: %s is empty", what, path)
	case bytes.ContainsAny(line, "\r\n\x00"):
		return nil, fmt.Errorf("%s: %s has more than one line, or is not text", what, path)
	case len(line) > maxSecret:
		return nil, fmt.Errorf("%s: %s is too long", what, path)
	}
	return line, nil
}

// passphrase of a new provisioning file: from a file, the environment, or the terminal, there twice.
func (p *program) passphrase(file string) ([]byte, error) {
	if file != "" {
		return readSecret(p.absolute(file), "the passphrase")
	}
	if text := p.env(passphraseVariable); text != "" {
		return []byte(text), nil
	}
	terminal, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return nil, &usageError{text: "no passphrase: give --passphrase-file, set " + passphraseVariable + ", or run on a terminal"}
	}
	first, err := p.prompt(terminal, "Passphrase of the provisioning file: ")
	if err != nil {
		return nil, err
	}
	second, err := p.prompt(terminal, "Passphrase again: ")
	if err == nil && !bytes.Equal(first, second) {
		err = errors.New("the two passphrases differ")
	}
	return first, err
}

// prompt reads a line without showing it. When the process is interrupted the terminal is put back first.
func (p *program) prompt(terminal *os.File, label string) ([]byte, error) {
	fd := int(terminal.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return nil, fmt.Errorf("the terminal: %w", err)
	}
	fmt.Fprint(p.stderr, label)
	type answer struct {
		line []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // ends with the program when nobody answers
		line, err := term.ReadPassword(fd)
		answers <- answer{line, err}
	}()
	select {
	case <-p.signals:
		fmt.Fprintln(p.stderr)
		return nil, errors.Join(errors.New("interrupted"), term.Restore(fd, state))
	case a := <-answers:
		fmt.Fprintln(p.stderr)
		if a.err == nil && len(a.line) == 0 {
			a.err = errors.New("the passphrase is empty")
		}
		return a.line, a.err
	}
}
