package settings_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/examples/internal/settings"
)

func env(text string) func(string) string {
	return func(name string) string { return map[string]string{"IOTCS_PASSPHRASE": text}[name] }
}

func TestParse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(file, []byte("from the file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, args, env string
		want            settings.Settings
		err             string
	}{
		{"least", "--conf c", "secret", settings.Settings{Conf: "c", Passphrase: []byte("secret"), Interval: 2 * time.Second}, ""},
		{"all", "--conf c --passphrase-file " + file + " --interval 5ms --count 3 --outbox o -v", "secret", settings.Settings{Conf: "c", Passphrase: []byte("from the file"), Interval: 5 * time.Millisecond, Count: 3, Outbox: "o", Verbose: true}, ""},
		{"no file", "", "secret", settings.Settings{}, "usage: example --conf FILE"},
		{"argument", "--conf c x", "secret", settings.Settings{}, "usage"},
		{"interval", "--conf c --interval 0s", "secret", settings.Settings{}, "usage"},
		{"count", "--conf c --count -1", "secret", settings.Settings{}, "usage"},
		{"no passphrase", "--conf c", "", settings.Settings{}, "IOTCS_PASSPHRASE"},
		{"passphrase file missing", "--conf c --passphrase-file " + file + ".not", "", settings.Settings{}, "no such file"},
		{"unknown flag", "--cnf c", "secret", settings.Settings{}, "-cnf"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := settings.Parse("example", strings.Fields(tc.args), env(tc.env), new(bytes.Buffer))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil || fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	for outbox, want := range map[string]int{"": 1, "o": 2} {
		if got := (settings.Settings{Outbox: outbox}).Options(new(bytes.Buffer)); len(got) != want {
			t.Errorf("outbox %q: %d options, want %d", outbox, len(got), want)
		}
	}
}

func TestLogger(t *testing.T) {
	for verbose, want := range map[bool]int{false: 1, true: 2} {
		var out bytes.Buffer
		log := settings.Settings{Verbose: verbose}.Logger(&out)
		log.Warn("warning")
		log.Debug("detail")
		if n := strings.Count(out.String(), "\n"); n != want {
			t.Errorf("verbose %v: %d lines", verbose, n)
		}
	}
}
