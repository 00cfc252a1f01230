package main

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/urfave/cli/v2"
)

const listUsage = name + " list [--passphrase-file P] FILE"

func (p *program) listCommand() *cli.Command {
	return p.command(&cli.Command{
		Name:  "list",
		Usage: "show what a provisioning file holds, without its secrets",
	}, listUsage, 1, p.list)
}

func (p *program) list(c *cli.Context) error {
	passphrase, err := p.passphrase(c, false)
	if err != nil {
		return err
	}
	defer trust.Wipe(passphrase)
	f, err := trust.Open(c.Args().First(), passphrase)
	if err != nil {
		return err
	}
	defer f.Wipe()
	return show(p.stdout, f)
}

// show writes the listing of docs/protocol/provisioning.md §7, and then keys and
// anchors.
func show(w io.Writer, f *trust.File) error {
	lines := []string{
		"Trusted assets store: " + printable(f.Path()),
		" Server URI: " + f.ServerURI(),
	}
	if f.Enterprise() {
		lines = append(lines, " Enterprise integration ID: "+printable(f.ClientID()))
	} else {
		lines = append(lines, " Activation ID: "+printable(f.ClientID()))
		if id := f.EndpointID(); id != "" {
			lines = append(lines, " Device ID: "+printable(id))
		}
	}
	if ids := f.ConnectedDevices(); len(ids) > 0 {
		for i := range ids {
			ids[i] = printable(ids[i])
		}
		lines = append(lines, " Connected Devices: ["+strings.Join(ids, ", ")+"]")
	}
	lines = append(lines, " Key pair: "+keyText(f))
	anchors := f.TrustAnchors()
	if len(anchors) == 0 {
		lines = append(lines, " Trust anchors: none (the system's roots are trusted)")
	} else {
		lines = append(lines, " Trust anchors: "+strconv.Itoa(len(anchors)))
	}
	for _, anchor := range anchors {
		lines = append(lines, "  "+anchorText(anchor))
	}
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

func keyText(f *trust.File) string {
	signer, err := f.Signer()
	if err != nil {
		return "not set"
	}
	if public, ok := signer.Public().(*rsa.PublicKey); ok {
		return fmt.Sprintf("set (RSA, %d bits)", public.N.BitLen())
	}
	return "set"
}

func anchorText(anchor *x509.Certificate) string {
	return fmt.Sprintf("%s, %s, valid %s to %s, SHA-256 %x", printable(anchor.Subject.String()), anchor.PublicKeyAlgorithm,
		anchor.NotBefore.UTC().Format("2006-01-02"), anchor.NotAfter.UTC().Format("2006-01-02"), sha256.Sum256(anchor.Raw))
}

// printable quotes text that would do something to a terminal.
func printable(text string) string {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}
