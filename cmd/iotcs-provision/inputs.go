package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

const passphraseVariable = "IOTCS_PASSPHRASE"

const (
	maxLine  = 65535   // what a provisioning file can hold of a secret
	maxChain = 1 << 20 // of a file with certificates, in bytes
)

// passphrase asks in this order: --passphrase-file, the environment, the terminal,
// there twice when a new file is to be made. The caller wipes it.
func (p *program) passphrase(c *cli.Context, again bool) ([]byte, error) {
	if path := c.String("passphrase-file"); path != "" {
		return readLine(path, "the passphrase")
	}
	if text := p.env(passphraseVariable); text != "" {
		return []byte(text), nil
	}
	terminal, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return nil, &usageError{text: "no passphrase: give --passphrase-file, set " + passphraseVariable + ", or run on a terminal"}
	}
	first, err := prompt(c.Context, terminal, p.stderr, "Passphrase: ")
	if err != nil || !again {
		return first, err
	}
	second, err := prompt(c.Context, terminal, p.stderr, "Passphrase again: ")
	defer trust.Wipe(second)
	if err == nil && !bytes.Equal(first, second) {
		err = errors.New("the two passphrases differ")
	}
	if err != nil {
		trust.Wipe(first)
		return nil, err
	}
	return first, nil
}

// prompt reads a line without showing it. When ctx ends, the terminal is put back
// first: an interrupted command must not leave it mute.
func prompt(ctx context.Context, terminal *os.File, out io.Writer, label string) ([]byte, error) {
	fd := int(terminal.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return nil, fmt.Errorf("the terminal: %w", err)
	}
	fmt.Fprint(out, label)
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
	case <-ctx.Done():
		term.Restore(fd, state)
		fmt.Fprintln(out)
		return nil, ctx.Err()
	case a := <-answers:
		fmt.Fprintln(out)
		switch {
		case a.err != nil:
			return nil, fmt.Errorf("reading the passphrase: %w", a.err)
		case len(a.line) == 0:
			return nil, errors.New("the passphrase is empty")
		}
		return a.line, nil
	}
}

// readLine reads a secret from the only line of a file; its line end is not part
// of the secret, blanks are. The file may be a pipe. Errors show nothing of it.
func readLine(path, what string) ([]byte, error) {
	data, err := readFile(path, maxLine+2)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	problem := ""
	switch {
	case len(line) == 0:
		problem = "is empty"
	case bytes.HasPrefix(line, []byte("\xef\xbb\xbf")), bytes.HasPrefix(line, []byte("\xff\xfe")), bytes.IndexByte(line, 0) >= 0:
		problem = "is not plain text: save it as UTF-8 without byte order mark"
	case bytes.ContainsAny(line, "\r\n"):
		problem = "has more than one line"
	case len(line) > maxLine:
		problem = "is too long"
	default:
		return line, nil
	}
	trust.Wipe(data)
	return nil, fmt.Errorf("%s: %s %s", what, path, problem)
}

// readFile reads at most limit bytes of a file.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is too large: the limit is %d bytes", path, limit)
	}
	if err != nil {
		trust.Wipe(data)
		return nil, err
	}
	return data, nil
}

// readAnchors reads the certificates of a PEM file, or the one of a DER file.
func readAnchors(path string) ([]*x509.Certificate, error) {
	data, err := readFile(path, maxChain)
	if err != nil {
		return nil, fmt.Errorf("trust anchor: %w", err)
	}
	var anchors []*x509.Certificate
	rest := data
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("trust anchor: %s holds a %s: give certificates only", path, block.Type)
		}
		anchor, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("trust anchor: certificate %d of %s: %w", len(anchors)+1, path, err)
		}
		anchors = append(anchors, anchor)
	}
	if len(anchors) > 0 {
		return anchors, nil
	}
	anchor, err := x509.ParseCertificate(data)
	if err != nil {
		return nil, fmt.Errorf("trust anchor: %s holds no certificate in PEM or DER form", path)
	}
	return []*x509.Certificate{anchor}, nil
}
