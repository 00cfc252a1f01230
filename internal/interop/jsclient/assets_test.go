package jsclient_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iotcs-go/iotcs/internal/interop"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// text is what is signed to compare secrets and keys.
const text = "signed text"

// seen is what one side finds in a provisioning file. Secrets and private keys
// show by what they sign: equal signatures, equal keys.
type seen struct {
	Scheme, Host string
	Port         int
	ClientID     string
	Activated    bool
	EndpointID   string
	Anchors      [][]byte
	Devices      []string
	Mac          []byte
	DeviceMacs   map[string][]byte
	PublicKey    []byte
	Signature    []byte
}

// job is what testdata/assets.js is asked to do.
type job struct {
	Op         string            `json:"op"`
	File       string            `json:"file"`
	Passphrase string            `json:"passphrase"`
	Data       string            `json:"data"`
	EndpointID string            `json:"endpointId,omitempty"`
	Scheme     string            `json:"scheme,omitempty"`
	Host       string            `json:"host,omitempty"`
	Port       int               `json:"port,omitempty"`
	ClientID   string            `json:"clientId,omitempty"`
	Secret     string            `json:"secret,omitempty"`
	Anchors    []string          `json:"anchors,omitempty"` // PEM
	Devices    map[string]string `json:"devices,omitempty"`
}

// theirs has the official client do a job and returns what it sees afterwards.
func theirs(t *testing.T, j job) seen {
	t.Helper()
	j.Data = text
	settings, err := json.Marshal(j)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // making a key takes it a while
	defer cancel()
	command := node(t, ctx, "assets.js", settings)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s of %s: %v\n%s", j.Op, j.File, err, out)
	}
	var s seen
	must(t, json.Unmarshal(out, &s))
	slices.Sort(s.Devices)
	return s
}

// ours is what package trust sees in a file.
func ours(t *testing.T, path, passphrase string) seen {
	t.Helper()
	f, err := trust.Open(path, []byte(passphrase))
	must(t, err)
	s := seen{
		Scheme: f.Scheme(), Host: f.Host(), Port: f.Port(), ClientID: f.ClientID(), EndpointID: f.EndpointID(), Activated: f.EndpointID() != "",
		Anchors: [][]byte{}, Devices: append([]string{}, f.ConnectedDevices()...), DeviceMacs: map[string][]byte{},
	}
	slices.Sort(s.Devices)
	for _, anchor := range f.TrustAnchors() {
		s.Anchors = append(s.Anchors, anchor.Raw)
	}
	s.Mac, err = f.SignWithSecret("", []byte(text))
	must(t, err)
	for _, id := range s.Devices {
		s.DeviceMacs[id], err = f.SignWithSecret(id, []byte(text))
		must(t, err)
	}
	if !s.Activated || f.Enterprise() {
		return s
	}
	key, err := f.Signer()
	must(t, err)
	s.PublicKey, err = x509.MarshalPKIXPublicKey(key.Public())
	must(t, err)
	s.Signature, err = trust.SignSHA256(key, []byte(text))
	must(t, err)
	return s
}

// agree checks that both sides see the same in a file, and returns it.
func agree(t *testing.T, path, passphrase string) seen {
	t.Helper()
	own := ours(t, path, passphrase)
	if diff := cmp.Diff(own, theirs(t, job{Op: "read", File: path, Passphrase: passphrase})); diff != "" {
		t.Errorf("the official client sees something else (-ours +theirs):\n%s", diff)
	}
	return own
}

// TestFilesThatWeMake: every kind of file that package trust writes.
func TestFilesThatWeMake(t *testing.T) {
	interop.Require(t, interop.Node, interop.OfficialClient)
	plain := trust.Config{ServerURI: "https://iot.example.com:7102", ClientID: "DEV-0001", Secret: trust.Secret("s3cret")}
	with := func(change func(c *trust.Config)) trust.Config {
		c := plain
		change(&c)
		return c
	}
	anchors := []*x509.Certificate{rsaRoot(t, "first"), rsaRoot(t, "second"), rsaRoot(t, "third")}
	tests := []struct {
		name   string
		config trust.Config
		change func(t *testing.T, path string) // after it was made
	}{
		{"new", plain, nil},
		{"new, port by default", with(func(c *trust.Config) { c.ServerURI = "https://iot.example.com" }), nil},
		{"one anchor", with(func(c *trust.Config) { c.TrustAnchors = anchors[:1] }), nil},
		{"several anchors", with(func(c *trust.Config) { c.TrustAnchors = anchors }), nil},
		{"gateway", with(func(c *trust.Config) { c.ConnectedDevices = connected() }), nil},
		{"made activated", with(func(c *trust.Config) { c.EndpointID, c.Key = "0-AB", testKey() }), nil},
		{"enterprise integration", with(func(c *trust.Config) { c.Enterprise = true }), nil},
		{"activated", with(func(c *trust.Config) { c.TrustAnchors = anchors }), activate},
		{"gateway, activated", with(func(c *trust.Config) { c.ConnectedDevices, c.TrustAnchors = connected(), anchors }), activate},
		{"activated and reset", with(func(c *trust.Config) { c.ConnectedDevices, c.TrustAnchors = connected(), anchors }), func(t *testing.T, path string) {
			activate(t, path)
			reset(t, path)
		}},
		{"activated, reset and activated", plain, func(t *testing.T, path string) {
			activate(t, path)
			reset(t, path)
			activate(t, path)
		}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "device.conf")
			must(t, trust.Create(path, []byte(passphrase), tc.config))
			if tc.change != nil {
				tc.change(t, path)
			}
			got := agree(t, path, passphrase)
			if got.ClientID != tc.config.ClientID || len(got.Anchors) != len(tc.config.TrustAnchors) || len(got.Devices) != len(tc.config.ConnectedDevices) {
				t.Errorf("the file does not hold what was put into it: %+v", got)
			}
		})
	}
}

// TestFilesThatTheyMake: files of the official client are read by ours, and stay
// readable for it when ours has rewritten them.
func TestFilesThatTheyMake(t *testing.T) {
	interop.Require(t, interop.Node, interop.OfficialClient)
	plain := job{Op: "make", Scheme: "https", Host: "iot.example.com", Port: 443, ClientID: "DEV-0002", Secret: "s3cret", Passphrase: passphrase}
	with := func(change func(j *job)) job {
		j := plain
		change(&j)
		return j
	}
	pems := []string{toPEM(rsaRoot(t, "first")), toPEM(rsaRoot(t, "second"))}
	devices := map[string]string{"ICD-1": "first secret", "ICD-2": "second secret"}
	tests := []struct {
		name string
		job  job
	}{
		{"new", plain},
		{"several anchors", with(func(j *job) { j.Anchors = pems })},
		{"gateway", with(func(j *job) { j.Devices, j.Anchors = devices, pems })},
		{"passphrase beyond ASCII", with(func(j *job) { j.Passphrase = "pässword" })},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			j := tc.job
			j.File = filepath.Join(t.TempDir(), "device.conf")
			theirs(t, j)
			made := agree(t, j.File, j.Passphrase)
			if made.ClientID != j.ClientID || len(made.Anchors) != len(j.Anchors) || !slices.Equal(made.Devices, slices.Sorted(maps.Keys(j.Devices))) {
				t.Errorf("our reader sees %+v", made)
			}
			activateAs(t, j.File, j.Passphrase)
			if rewritten := agree(t, j.File, j.Passphrase); !rewritten.Activated {
				t.Error("the activation that ours wrote cannot be seen")
			}
		})
	}
}

// TestFilesThatTheyActivate: the official client makes the key and writes the
// endpoint id, into its own file and into ours.
func TestFilesThatTheyActivate(t *testing.T) {
	interop.Require(t, interop.Node, interop.OfficialClient)
	make := map[string]func(t *testing.T, path string){
		"their file": func(t *testing.T, path string) {
			theirs(t, job{Op: "make", File: path, Passphrase: passphrase, Scheme: "https", Host: "iot.example.com", Port: 443,
				ClientID: "DEV-0003", Secret: "s3cret", Anchors: []string{toPEM(rsaRoot(t, "root"))}})
		},
		"our file": func(t *testing.T, path string) {
			must(t, trust.Create(path, []byte(passphrase), trust.Config{
				ServerURI: "https://iot.example.com", ClientID: "DEV-0003", Secret: trust.Secret("s3cret"),
				TrustAnchors: []*x509.Certificate{rsaRoot(t, "root"), rsaRoot(t, "another")}, ConnectedDevices: connected(),
			}))
		},
	}
	for name, make := range make {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "device.conf")
			make(t, path)
			before := ours(t, path, passphrase)
			theirs(t, job{Op: "activate", File: path, Passphrase: passphrase, EndpointID: "0-THEIRS"})
			after := agree(t, path, passphrase)
			if after.EndpointID != "0-THEIRS" || len(after.Signature) == 0 {
				t.Errorf("endpoint id %q", after.EndpointID)
			}
			before.Activated, before.EndpointID, before.PublicKey, before.Signature = true, "0-THEIRS", after.PublicKey, after.Signature
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("the activation changed more than it should (-before +after):\n%s", diff)
			}
			reset(t, path)
			agree(t, path, passphrase)
		})
	}
}

// activate activates a file as our device does, without a server.
func activate(t *testing.T, path string) { activateAs(t, path, passphrase) }

func activateAs(t *testing.T, path, passphrase string) {
	t.Helper()
	f, err := trust.Open(path, []byte(passphrase))
	must(t, err)
	attempt, err := f.BeginActivation(t.Context())
	must(t, err)
	_, err = attempt.GenerateKey(t.Context(), 2048)
	must(t, err)
	must(t, attempt.Complete(t.Context(), "0-OURS"))
	must(t, attempt.Close())
}

func reset(t *testing.T, path string) {
	t.Helper()
	f, err := trust.Open(path, []byte(passphrase))
	must(t, err)
	must(t, f.Reset())
}

// connected are indirectly connected devices.
func connected() []trust.ConnectedDevice {
	return []trust.ConnectedDevice{{ID: "ICD-1", Secret: trust.Secret("first secret")}, {ID: "ICD-2", Secret: trust.Secret("second secret")}}
}

func toPEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}
