package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/urfave/cli/v2"
)

const verifyUsage = name + " verify [--passphrase-file P] FILE"

func (p *program) verifyCommand() *cli.Command {
	return p.command(&cli.Command{
		Name:  "verify",
		Usage: "check that a provisioning file is usable; exit status 1 when it is not",
	}, verifyUsage, 1, p.verify)
}

// verify prints findings and notes to standard error; findings make the answer "no".
func (p *program) verify(c *cli.Context) error {
	path := c.Args().First()
	passphrase, err := p.passphrase(c, false)
	if err != nil {
		return err
	}
	defer trust.Wipe(passphrase)
	f, err := trust.Open(path, passphrase)
	if err != nil && !answersNo(err) {
		return err
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "%s: %s\n", name, oneLine(err.Error()))
		return errNo
	}
	defer f.Wipe()
	found := findings(f, time.Now())
	for _, finding := range found {
		fmt.Fprintf(p.stderr, "%s: %s\n", printable(path), oneLine(finding))
	}
	for _, note := range notes(f) {
		p.note(path, note)
	}
	if len(found) > 0 {
		return errNo
	}
	fmt.Fprintf(p.stdout, "%s: fine: %s\n", printable(path), state(f))
	return nil
}

// answersNo tells an unusable file from one that could not be looked at.
func answersNo(err error) bool {
	for _, no := range []error{
		trust.ErrPassphrase, trust.ErrCorrupt, trust.ErrVersion, trust.ErrLegacyFormat,
		trust.ErrNotProvisioning, trust.ErrScheme, trust.ErrTooLarge,
	} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

func state(f *trust.File) string {
	switch {
	case f.Enterprise():
		return fmt.Sprintf("enterprise integration %s at %s", printable(f.ClientID()), f.ServerURI())
	case f.EndpointID() != "":
		return fmt.Sprintf("%s at %s, activated as %s", printable(f.ClientID()), f.ServerURI(), printable(f.EndpointID()))
	}
	return fmt.Sprintf("%s at %s, not activated", printable(f.ClientID()), f.ServerURI())
}

// findings are what keeps a device from working with the file.
func findings(f *trust.File, now time.Time) []string {
	var found []string
	if !f.HasSecret("") {
		found = append(found, "there is no shared secret")
	}
	for _, id := range f.ConnectedDevices() {
		if !f.HasSecret(id) {
			found = append(found, fmt.Sprintf("connected device %s has no shared secret", printable(id)))
		}
	}
	if _, err := f.Signer(); err != nil && f.EndpointID() != "" && !f.Enterprise() {
		found = append(found, "there is an endpoint id and no key")
	}
	for i, anchor := range f.TrustAnchors() {
		switch {
		case now.After(anchor.NotAfter):
			found = append(found, fmt.Sprintf("trust anchor %d (%s) expired on %s", i+1, printable(anchor.Subject.String()), anchor.NotAfter.UTC().Format("2006-01-02")))
		case now.Before(anchor.NotBefore):
			found = append(found, fmt.Sprintf("trust anchor %d (%s) is not valid before %s", i+1, printable(anchor.Subject.String()), anchor.NotBefore.UTC().Format("2006-01-02")))
		}
	}
	return found
}

// notes are worth knowing.
func notes(f *trust.File) []string {
	all := compatibility(f)
	if info, err := os.Stat(f.Path()); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		all = append(all, fmt.Sprintf("others may use it, its mode is %#o: chmod 600", info.Mode().Perm()))
	}
	pending, err := f.PendingPath()
	if err != nil {
		return append(all, err.Error())
	}
	if _, err := os.Stat(pending); !errors.Is(err, fs.ErrNotExist) {
		all = append(all, fmt.Sprintf("an activation was cut off, its key waits in %s: if the server has activated the device, run %s complete",
			printable(pending), name))
	}
	return all
}

// compatibility tells which official client cannot use the file
// (docs/protocol/provisioning.md §1.3 to §1.5).
func compatibility(f *trust.File) []string {
	var all []string
	if f.Scheme() == "mqtts" {
		all = append(all, "the JavaScript client cannot load a file with an mqtts URI")
	}
	for _, anchor := range f.TrustAnchors() {
		if anchor.PublicKeyAlgorithm != x509.RSA {
			all = append(all, "the JavaScript client cannot load a trust anchor that is not RSA")
			break
		}
	}
	for _, id := range append(f.ConnectedDevices(), f.ClientID()) {
		if !isASCII(id) {
			all = append(all, fmt.Sprintf("the JavaScript client garbles %s, which is not ASCII", printable(id)))
		}
	}
	return all
}

func passphraseNotes(passphrase []byte) []string {
	if isASCII(string(passphrase)) {
		return nil
	}
	return []string{"the JavaScript client cannot open the file: the passphrase is not ASCII"}
}

func isASCII(text string) bool {
	for _, c := range []byte(text) {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
