package trust

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestNothingShowsSecrets prints everything that holds a secret in every way.
func TestNothingShowsSecrets(t *testing.T) {
	path := newFile(t, activatedConfig())
	f := open(t, path)
	signer, err := f.Signer()
	if err != nil {
		t.Fatal(err)
	}
	memory, err := NewMemory(MemoryConfig{Config: activatedConfig()})
	if err != nil {
		t.Fatal(err)
	}
	attempt, err := open(t, newFile(t, testConfig())).BeginActivation(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer attempt.Close()
	fresh, err := NewMemory(MemoryConfig{Config: testConfig()})
	if err != nil {
		t.Fatal(err)
	}
	memoryAttempt, err := fresh.BeginActivation(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	cfg := activatedConfig()
	type holder struct {
		F *File
		C Config
		S Secret
		M *Memory
	}
	for name, v := range map[string]any{
		"Secret": cfg.Secret, "Config": cfg, "*Config": &cfg, "ConnectedDevices": cfg.ConnectedDevices,
		"MemoryConfig": MemoryConfig{Config: cfg}, "*File": f, "File": *f, "*Memory": memory, "Memory": *memory,
		"Signer": signer, "Activation": attempt, "Activation in memory": memoryAttempt, "struct": holder{f, cfg, cfg.Secret, memory},
		"*struct": &holder{f, cfg, cfg.Secret, memory}, "slice": []any{f, cfg, cfg.Secret, memory, signer},
	} {
		t.Run(name, func(t *testing.T) {
			var shown bytes.Buffer
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%T", "% x", "%08d"} {
				fmt.Fprintf(&shown, verb+"\n", v)
			}
			slog.New(slog.NewTextHandler(&shown, nil)).Info("text", "v", v)
			slog.New(slog.NewJSONHandler(&shown, nil)).Info("json", "v", v, slog.Group("g", "v", v))
			text, err := json.Marshal(v)
			if err == nil {
				shown.Write(text)
			}
			searchSecrets(t, shown.String())
		})
	}
}

// searchSecrets looks for the secrets of testConfig and the numbers of testKey in
// the forms that printing gives them.
func searchSecrets(t *testing.T, shown string) {
	t.Helper()
	for _, secret := range [][]byte{[]byte(testSecret), []byte(testICDSecret), []byte(testPassphrase), testKey().D.Bytes()[:32], testKey().Primes[0].Bytes()[:32]} {
		decimal := strings.Trim(fmt.Sprint(secret), "[]")
		for _, form := range []string{
			string(secret), hex.EncodeToString(secret), base64.StdEncoding.EncodeToString(secret)[:12], decimal,
			strings.ReplaceAll(decimal, " ", ","), fmt.Sprintf("% x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("%#v", secret),
		} {
			if strings.Contains(strings.ToLower(shown), strings.ToLower(form)) {
				t.Fatalf("%q is shown in:\n%.3000s", form, shown)
			}
		}
	}
	for _, number := range []string{testKey().D.String()[:40], testKey().Primes[1].String()[:40]} {
		if strings.Contains(shown, number) {
			t.Fatal("the private key is shown")
		}
	}
}

// TestErrorsShowNoSecrets provokes errors while secrets are at hand.
func TestErrorsShowNoSecrets(t *testing.T) {
	private, _ := keyDER(t)
	withSecrets := func(pairs ...any) []byte {
		return plaintext(append([]any{1, testURI, 3, testSecret, 8, string(plaintext(2, "I", 3, testICDSecret))}, pairs...)...)
	}
	var all error
	for _, plain := range [][]byte{
		withSecrets(), withSecrets(2, ""), withSecrets(2, "D", 6, private[:100]), withSecrets(2, "D", 6, testSecret),
		withSecrets(2, "D", 5, testSecret), withSecrets(2, "D", 8, testICDSecret), withSecrets(2, "D")[:40],
		plaintext(1, "https://"+testSecret+":x@"+testICDSecret+":y"), plaintext(1, testSecret, 2, testICDSecret),
	} {
		_, err := parseContent(plain)
		if err == nil {
			t.Fatalf("%q is accepted", plain)
		}
		all = errors.Join(all, err)
	}
	searchSecrets(t, fmt.Sprintf("%v %+v %#v", all, all, all))
}

func TestSecretText(t *testing.T) {
	s := Secret("abc")
	text, err := json.Marshal(map[string]Secret{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "shown", fmt.Sprintf("%s %#v %s %s %s", s, s, s.GoString(), s.LogValue(), text),
		`[redacted] [redacted] [redacted] [redacted] {"s":"[redacted]"}`)
	f := open(t, newFile(t, testConfig()))
	for _, part := range []string{"https://iot.example.com:443", `"GW-1"`} {
		if !strings.Contains(f.String(), part) {
			t.Errorf("%s does not tell %s", f, part)
		}
	}
	equal(t, "zero values", fmt.Sprint(File{}, Memory{}, File{}.LogValue()), "trust.File{} trust.Memory{} trust.File{}")
	equal(t, "nil", fmt.Sprint((*File)(nil), (*Memory)(nil)), "<nil> <nil>")
}
