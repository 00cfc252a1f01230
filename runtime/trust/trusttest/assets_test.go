package trusttest_test

import (
	"path/filepath"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/iotcs-go/iotcs/runtime/trust/trusttest"
)

func config() trust.Config {
	return trust.Config{
		ServerURI: "https://iot.example.com", ClientID: "GW-1", Secret: trust.Secret("s3cret"),
		ConnectedDevices: []trust.ConnectedDevice{{ID: "ICD-1", Secret: trust.Secret("s3cret-1")}},
	}
}

func TestFile(t *testing.T) {
	trusttest.TestAssets(t, func(t *testing.T) trust.Assets {
		path := filepath.Join(t.TempDir(), "dev.conf")
		if err := trust.Create(path, []byte("passphrase"), config()); err != nil {
			t.Fatal(err)
		}
		f, err := trust.Open(path, []byte("passphrase"))
		if err != nil {
			t.Fatal(err)
		}
		return f
	})
}

func TestMemory(t *testing.T) {
	trusttest.TestAssets(t, func(t *testing.T) trust.Assets {
		m, err := trust.NewMemory(trust.MemoryConfig{Config: config()})
		if err != nil {
			t.Fatal(err)
		}
		return m
	})
}

// A test of one's own implementation; here of a Memory.
func ExampleTestAssets() {
	_ = func(t *testing.T) { // func TestChip(t *testing.T)
		trusttest.TestAssets(t, func(t *testing.T) trust.Assets {
			assets, err := trust.NewMemory(trust.MemoryConfig{Config: config()})
			if err != nil {
				t.Fatal(err)
			}
			return assets
		})
	}
}
