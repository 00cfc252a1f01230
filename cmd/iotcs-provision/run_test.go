package main

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/trust"
)

// call runs the command in this process, with the passphrase "pass".
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := func(string) string { return "pass" }
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs, env)
	return code, out.String(), errs.String()
}

// handMade writes a file as the specification says, of tags and values, without
// the checks of trust.Create.
func handMade(t *testing.T, pairs ...string) string {
	t.Helper()
	var plain []byte
	for i := 0; i < len(pairs); i += 2 {
		plain = append(plain, pairs[i][0]-'0')
		plain = binary.BigEndian.AppendUint16(plain, uint16(len(pairs[i+1])))
		plain = append(plain, pairs[i+1]...)
	}
	n := aes.BlockSize - len(plain)%aes.BlockSize
	plain = append(plain, bytes.Repeat([]byte{byte(n)}, n)...)
	iv := []byte("0123456789abcdef")
	key, err := pbkdf2.Key(sha1.New, "pass", iv, 10000, 16)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(plain, plain)
	path := filepath.Join(t.TempDir(), "hand.conf")
	text := "!" + base64.StdEncoding.EncodeToString(append(iv, plain...)) + "\n#"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindings(t *testing.T) {
	icd := "\x02\x00\x03ICD"
	path := handMade(t, "1", "https://h", "2", "D", "4", "E", "8", icd)
	code, stdout, stderr := call(t, "verify", path)
	want := path + ": there is no shared secret\n" +
		path + ": connected device ICD has no shared secret\n" +
		path + ": there is an endpoint id and no key\n"
	if code != exitNo || stdout != "" || stderr != want {
		t.Errorf("exit status %d, stdout %q, stderr:\n%s", code, stdout, stderr)
	}
}

// TestTerminalIsSafe: what a file holds cannot drive the operator's terminal.
func TestTerminalIsSafe(t *testing.T) {
	path := handMade(t, "1", "https://h", "2", "D\x1b[2J\nx", "3", "s", "8", "\x02\x00\x02I\x07\x03\x00\x01s")
	for _, command := range []string{"list", "verify"} {
		code, stdout, stderr := call(t, command, path)
		if code != exitFine || strings.ContainsAny(stdout+stderr, "\x1b\x07") {
			t.Errorf("%s: exit status %d, %q %q", command, code, stdout, stderr)
		}
		if !strings.Contains(stdout, `"D\x1b[2J\nx"`) {
			t.Errorf("%s does not quote the id:\n%s", command, stdout)
		}
	}
	scheme := handMade(t, "1", "a+b://h", "2", "D")
	if code, _, stderr := call(t, "list", scheme); code != exitWrong || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit status %d, %q", code, stderr)
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"DEV-1": "DEV-1", "é €": "é €", `C:\dev.conf`: `C:\dev.conf`, "": "", "\xff": `"\xff"`, "a\nb": `"a\nb"`, "\u202e": `"\u202e"`,
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%q) is %s, want %s", text, got, want)
		}
	}
	if got := oneLine("a\nb\x1bc\td"); got != "a;b?c?d" {
		t.Errorf("oneLine gives %q", got)
	}
}

func TestFindingsOfAnchors(t *testing.T) {
	data, err := os.ReadFile("../../testdata/provisioning/java-device.conf")
	if err != nil {
		t.Fatal(err)
	}
	f, err := trust.Read(data, []byte("Passphrase 1"))
	if err != nil {
		t.Fatal(err)
	}
	anchor := f.TrustAnchors()[0]
	for when, want := range map[time.Time]int{
		anchor.NotBefore: 0, anchor.NotAfter: 0, anchor.NotBefore.Add(-time.Second): 1, anchor.NotAfter.Add(time.Second): 1,
	} {
		if got := findings(f, when); len(got) != want {
			t.Errorf("at %v: %q", when, got)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if code := run(ctx, []string{"list"}, nil, &out, &errs, os.Getenv); code != exitWrong {
		t.Errorf("exit status %d", code)
	}
}
