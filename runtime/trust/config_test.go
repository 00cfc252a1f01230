package trust

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestConfigErrors(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		field  string
		reason string
	}{
		{"no server", func(c *Config) { c.ServerURI = "" }, "ServerURI", "no host"},
		{"scheme", func(c *Config) { c.ServerURI = "http://h" }, "ServerURI", "unsupported server scheme"},
		{"password in the URI", func(c *Config) { c.ServerURI = "https://u:hunter2@h" }, "ServerURI", "user or password"},
		{"no client id", func(c *Config) { c.ClientID = "" }, "ClientID", "empty"},
		{"long client id", func(c *Config) { c.ClientID = strings.Repeat("x", 65536) }, "ClientID", "65535"},
		{"client id with line end", func(c *Config) { c.ClientID = "a\nb" }, "ClientID", "control"},
		{"client id not UTF-8", func(c *Config) { c.ClientID = "\xff" }, "ClientID", "UTF-8"},
		{"client id with blank", func(c *Config) { c.ClientID = " D" }, "ClientID", "blank"},
		{"no secret", func(c *Config) { c.Secret = nil }, "Secret", "empty"},
		{"long secret", func(c *Config) { c.Secret = make(Secret, 65536) }, "Secret", "65535"},
		{"secret with line end", func(c *Config) { c.Secret = Secret("hunter2\n") }, "Secret", "line ends"},
		{"nil anchor", func(c *Config) { c.TrustAnchors = append(c.TrustAnchors, nil) }, "TrustAnchors[2]", "no parsed"},
		{"made-up anchor", func(c *Config) { c.TrustAnchors = []*x509.Certificate{{}} }, "TrustAnchors[0]", "no parsed"},
		{"huge anchor", func(c *Config) { c.TrustAnchors = []*x509.Certificate{{Raw: make([]byte, 65536)}} }, "TrustAnchors[0]", "65535"},
		{"connected device without id", func(c *Config) { c.ConnectedDevices[1].ID = "" }, "ConnectedDevices[1].ID", "empty"},
		{"connected device without secret", func(c *Config) { c.ConnectedDevices[0].Secret = nil }, "ConnectedDevices[0].Secret", "empty"},
		{"connected device twice", func(c *Config) { c.ConnectedDevices[1].ID = "ICD-2" }, "ConnectedDevices[1].ID", "twice"},
		{"connected device is the gateway", func(c *Config) { c.ConnectedDevices[0].ID = "GW-1" }, "ConnectedDevices[0].ID", "twice"},
		{"connected device too long", func(c *Config) { c.ConnectedDevices[0].Secret = make(Secret, 65535-6-4) }, "ConnectedDevices[0]", "line ends"},
		{"connected device too long together", func(c *Config) {
			c.ConnectedDevices[0].Secret = Secret(strings.Repeat("x", 65530))
		}, "ConnectedDevices[0]", "together"},
		{"enterprise with connected devices", func(c *Config) { c.Enterprise = true }, "ConnectedDevices", "has none"},
		{"enterprise with key", func(c *Config) { c.Enterprise, c.ConnectedDevices, c.Key = true, nil, testKey() }, "Key", "has none"},
		{"enterprise with endpoint id", func(c *Config) { c.Enterprise, c.ConnectedDevices, c.EndpointID = true, nil, "X" }, "EndpointID", "is its client id"},
		{"endpoint id without key", func(c *Config) { c.EndpointID = "X" }, "EndpointID", "and a key"},
		{"key without endpoint id", func(c *Config) { c.Key = testKey() }, "EndpointID", "and a key"},
		{"empty key", func(c *Config) { c.EndpointID, c.Key = "X", &rsa.PrivateKey{} }, "Key", "2048"},
		{"short key", func(c *Config) { c.EndpointID, c.Key = "X", shortKey(t) }, "Key", "2048"},
		{"half a key", func(c *Config) {
			c.EndpointID, c.Key = "X", &rsa.PrivateKey{PublicKey: testKey().PublicKey}
		}, "Key", "cannot be encoded"},
		{"bad endpoint id", func(c *Config) { c.EndpointID, c.Key = "\x00", testKey() }, "EndpointID", "control"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := testConfig()
			cfg.ConnectedDevices = append([]ConnectedDevice(nil), cfg.ConnectedDevices...)
			test.change(&cfg)
			data, err := Encode([]byte(testPassphrase), cfg)
			var ce *ConfigError
			if data != nil || !errors.Is(err, ErrConfig) || !errors.As(err, &ce) {
				t.Fatalf("error %v, want a ConfigError", err)
			}
			if !strings.HasPrefix(ce.Field, test.field) {
				t.Errorf("field %q, want %q", ce.Field, test.field)
			}
			checkError(t, err, test.reason)
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v shows a secret", err)
			}
		})
	}
	cfg := testConfig()
	cfg.ServerURI = "ftp://h"
	if _, err := Encode([]byte("p"), cfg); !errors.Is(err, ErrScheme) || !errors.Is(err, ErrConfig) {
		t.Errorf("scheme: %v", err)
	}
	if _, err := Encode(nil, testConfig()); !errors.Is(err, ErrNoPassphrase) {
		t.Errorf("empty passphrase: %v", err)
	}
}

func shortKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestConfigTooLarge(t *testing.T) {
	cfg := testConfig()
	cfg.TrustAnchors = nil
	for i := range 16 {
		cfg.ConnectedDevices = append(cfg.ConnectedDevices, ConnectedDevice{strings.Repeat("x", i+1), Secret(strings.Repeat("s", 60000))})
	}
	if _, err := Encode([]byte("p"), cfg); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a file over the limit: %v", err)
	}
}

func TestCreate(t *testing.T) {
	activated, enterprise, mqtts := activatedConfig(), testConfig(), testConfig()
	enterprise.Enterprise, enterprise.ConnectedDevices = true, nil
	mqtts.ServerURI, mqtts.TrustAnchors, mqtts.ClientID = "mqtts://[::1]", nil, "GW-é"
	for _, test := range []struct {
		name     string
		cfg      Config
		endpoint string
		tags     []byte
	}{
		{"gateway", testConfig(), "", []byte{1, 2, 3, 5, 5, 8, 8}},
		{"activated", activated, "0-EP", []byte{1, 2, 3, 4, 5, 5, 6, 7, 8, 8}},
		{"enterprise", enterprise, "GW-1", []byte{1, 2, 3, 4, 5, 5}},
		{"mqtts", mqtts, "", []byte{1, 2, 3, 8, 8}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := newFile(t, test.cfg)
			f := open(t, path)
			s, err := newServer(test.cfg.ServerURI)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "server", f.ServerURI(), s.String())
			equal(t, "client id", f.ClientID(), test.cfg.ClientID)
			equal(t, "endpoint id", f.EndpointID(), test.endpoint)
			equal(t, "enterprise", f.Enterprise(), test.cfg.Enterprise)
			equal(t, "anchors", len(f.TrustAnchors()), len(test.cfg.TrustAnchors))
			var tags []byte
			all, err := parseTLVs(f.content.appendTLVs(nil))
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range all {
				tags = append(tags, x.tag)
			}
			equal(t, "tags", tags, test.tags)
			if want := "\n#serverUri:" + s.String() + "\n#clientId:" + test.cfg.ClientID + "\n"; !strings.HasSuffix(readAll(t, path), want) {
				t.Errorf("the comments are not %q", want)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
				t.Errorf("mode %v", info.Mode())
			}
			equal(t, "files", names(t, path), []string{"dev.conf"})
		})
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(folder, "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	for _, path := range []string{file, folder, dangling} {
		err := Create(path, []byte("p"), testConfig())
		var fe *FileError
		if !errors.Is(err, fs.ErrExist) || !errors.As(err, &fe) || fe.Op != "create" || fe.Path != path {
			t.Errorf("%s: error %v, want fs.ErrExist", path, err)
		}
	}
	equal(t, "file", readAll(t, file), "precious")
	if err := Create(filepath.Join(folder, "no", "such"), []byte("p"), testConfig()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("folder missing: %v", err)
	}
}

// TestCreateFails: whatever step fails, no file is left.
func TestCreateFails(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "sync folder"} {
		t.Run(op, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "dev.conf")
			d := disk{before: func(s step) error {
				if s.op == op {
					return syscall.ENOSPC
				}
				return nil
			}}
			if err := create(d, path, []byte("p"), testConfig()); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("error %v, want that of the step", err)
			}
			equal(t, "files", names(t, path), []string(nil))
		})
	}
}
