package secrets

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadLine(t *testing.T) {
	for _, test := range []struct{ name, data, want, err string }{
		{"plain", "secret", "secret", ""},
		{"line end", "secret\n", "secret", ""},
		{"CR LF", "secret\r\n", "secret", ""},
		{"blanks", " sec ret ", " sec ret ", ""},
		{"longest", strings.Repeat("x", maxLine) + "\r\n", strings.Repeat("x", maxLine), ""},
		{"not UTF-8", "p\xe4ss", "p\xe4ss", ""},
		{"empty", "", "", "is empty"},
		{"line end alone", "\r\n", "", "is empty"},
		{"two lines", "a\nb\n", "", "more than one line"},
		{"two line ends", "a\n\n", "", "more than one line"},
		{"UTF-16", "\xff\xfes\x00", "", "not plain text"},
		{"byte order mark", "\xef\xbb\xbfs", "", "not plain text"},
		{"NUL", "a\x00", "", "not plain text"},
		{"too long", strings.Repeat("x", maxLine+1), "", "is too long"},
		{"much too long", strings.Repeat("x", maxLine+10), "", "is too large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(path, []byte(test.data), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := ReadLine(path, "the secret")
			if string(got) != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%.20q, %v", got, err)
			}
		})
	}
}

func TestOrderOfSources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(name string) string { return map[string]string{"SET": "from the environment"}[name] }
	for _, tc := range []struct {
		name, file, variable, want string
		err                        error
	}{
		{"file first", file, "SET", "from the file", nil},
		{"then the environment", "", "SET", "from the environment", nil},
		{"no file", file + ".not", "SET", "", os.ErrNotExist},
		{"nothing", "", "UNSET", "", ErrNone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Read(context.Background(), Source{What: "password", Flag: "password-file", File: tc.file, Variable: tc.variable, Env: env, Stdin: new(bytes.Buffer), Out: new(bytes.Buffer)})
			if string(got) != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("%q, %v", got, err)
			}
			if tc.err == ErrNone && err.Error() != "no password: give --password-file, set UNSET, or run on a terminal" {
				t.Errorf("text %q", err)
			}
		})
	}
}

func TestReadAnchors(t *testing.T) {
	for name, text := range map[string]string{
		"text":        "hello",
		"another key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"damaged":     "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"empty":       "",
	} {
		path := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadAnchors(path); err == nil {
			t.Errorf("%s: %d certificates", name, len(got))
		}
	}
}
