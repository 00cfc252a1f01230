package secrets

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/iotcs-go/iotcs/runtime/trust"
)

// Bounds on what is read.
const (
	maxLine  = 65535   // what a provisioning file can hold of a secret
	maxChain = 1 << 20 // of a file with certificates, in bytes
)

// ErrNone says that a secret was given in none of the ways there are.
var ErrNone = errors.New("nothing to read it from")

// Source says where a secret may come from, in this order.
type Source struct {
	What     string // "passphrase", "password": for texts
	Flag     string // name of the flag that names a file, for texts
	File     string // value of that flag; "" when it was not given
	Variable string // name of the environment variable
	Env      func(string) string
	Stdin    io.Reader // asked when it is a terminal
	Out      io.Writer // gets the question
	Again    bool      // the terminal is asked twice, for something new
}

// Read returns the secret. The caller wipes it. It fails with [ErrNone] when there
// is no file, no variable and no terminal.
func Read(ctx context.Context, s Source) ([]byte, error) {
	if s.File != "" {
		return ReadLine(s.File, "the "+s.What)
	}
	if text := s.Env(s.Variable); text != "" {
		return []byte(text), nil
	}
	terminal, ok := s.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return nil, fmt.Errorf("no %s: give --%s, set %s, or run on a terminal%w", s.What, s.Flag, s.Variable, hidden{ErrNone})
	}
	label := string(bytes.ToUpper([]byte(s.What[:1]))) + s.What[1:]
	first, err := prompt(ctx, terminal, s.Out, label+": ", s.What)
	if err != nil || !s.Again {
		return first, err
	}
	second, err := prompt(ctx, terminal, s.Out, label+" again: ", s.What)
	defer trust.Wipe(second)
	if err == nil && !bytes.Equal(first, second) {
		err = fmt.Errorf("the two %ss differ", s.What)
	}
	if err != nil {
		trust.Wipe(first)
		return nil, err
	}
	return first, nil
}

// hidden is in an error's chain without showing in its text.
type hidden struct{ error }

func (hidden) Error() string   { return "" }
func (h hidden) Unwrap() error { return h.error }

// prompt reads a line without showing it. When ctx ends, the terminal is put back
// first: an interrupted command must not leave it mute.
func prompt(ctx context.Context, terminal *os.File, out io.Writer, label, what string) ([]byte, error) {
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
			return nil, fmt.Errorf("reading the %s: %w", what, a.err)
		case len(a.line) == 0:
			return nil, fmt.Errorf("the %s is empty", what)
		}
		return a.line, nil
	}
}

// ReadLine reads a secret from the only line of a file; its line end is not part
// of the secret, blanks are. The file may be a pipe. Errors show nothing of it.
func ReadLine(path, what string) ([]byte, error) {
	data, err := ReadFile(path, maxLine+2)
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

// ReadFile reads at most limit bytes of a file.
func ReadFile(path string, limit int64) ([]byte, error) {
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

// ReadAnchors reads the certificates of a PEM file, or the one of a DER file.
func ReadAnchors(path string) ([]*x509.Certificate, error) {
	data, err := ReadFile(path, maxChain)
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
