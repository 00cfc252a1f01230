package trust

import (
	"testing"

	"github.com/iotcs-go/iotcs/internal/racetest"
)

func BenchmarkRead(b *testing.B) {
	data, err := Encode([]byte(testPassphrase), activatedConfig())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(data, []byte(testPassphrase)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseContent(b *testing.B) {
	c, err := activatedConfig().content(secretsHere)
	if err != nil {
		b.Fatal(err)
	}
	plain := c.appendTLVs(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseContent(plain); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignWithSecret(b *testing.B) {
	f := open(b, newFile(b, testConfig()))
	data := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.SignWithSecret("ICD-1", data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignSHA256(b *testing.B) {
	f := open(b, newFile(b, activatedConfig()))
	key, err := f.Signer()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := SignSHA256(key, []byte("data")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkComplete is what an activation costs on top of the key.
func BenchmarkComplete(b *testing.B) {
	f := open(b, newFile(b, testConfig()))
	b.ReportAllocs()
	for b.Loop() {
		activate(b, f, "0-EP")
		if err := f.Reset(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAccessorsAllocateNothing: they are asked on every message.
func TestAccessorsAllocateNothing(t *testing.T) {
	if racetest.Enabled {
		t.Skip("the race detector allocates")
	}
	f := open(t, newFile(t, activatedConfig()))
	var sink int
	if n := testing.AllocsPerRun(100, func() {
		sink += len(f.Scheme()) + len(f.Host()) + f.Port() + len(f.ClientID()) + len(f.EndpointID())
		if key, err := f.Signer(); err != nil || key == nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
