package trust_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/iotcs-go/iotcs/runtime/trust"
)

// A provisioning file is made for a registered device and opened by its program.
func Example() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "sensor.conf")

	err = trust.Create(path, []byte("passphrase"), trust.Config{
		ServerURI: "https://iot.example.com",
		ClientID:  "SENSOR-1",
		Secret:    trust.Secret("as given by the server"),
	})
	if err != nil {
		log.Fatal(err)
	}

	assets, err := trust.Open(path, []byte("passphrase"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(assets.Scheme(), assets.Host(), assets.Port(), assets.ClientID())
	_, err = assets.Signer()
	fmt.Println(err)
	// Output:
	// https iot.example.com 443 SENSOR-1
	// no private key: "SENSOR-1" is not activated
}

// Every condition that a program can act on has an error of its own.
func ExampleOpen_errors() {
	data, err := trust.Encode([]byte("right"), trust.Config{
		ServerURI: "iot.example.com", ClientID: "SENSOR-1", Secret: trust.Secret("s3cret"),
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = trust.Read(data, []byte("wrong"))
	fmt.Println(errors.Is(err, trust.ErrPassphrase), err)
	_, err = trust.Read([]byte("{}"), []byte("right"))
	fmt.Println(errors.Is(err, trust.ErrLegacyFormat), err)
	// Output:
	// true open: wrong passphrase or damaged file
	// true open: legacy trusted-assets format (JavaScript JSON store) (make a new provisioning file in the unified format: iotcs-provision create)
}

// chip stands for a driver of a TPM: the key never leaves it.
type chip struct{ key crypto.Signer }

func (c *chip) Key(context.Context, int) (crypto.Signer, error) { return c.key, nil }
func (c *chip) Store(context.Context, string) error             { return nil }
func (c *chip) HMAC(id string, data []byte) ([]byte, error)     { return make([]byte, 32), nil }

// A device whose key and secret lie in a chip.
func ExampleNewMemory() {
	var driver chip
	assets, err := trust.NewMemory(trust.MemoryConfig{
		Config:         trust.Config{ServerURI: "https://iot.example.com", ClientID: "SENSOR-1"},
		GenerateKey:    driver.Key,
		Complete:       driver.Store,
		SignWithSecret: driver.HMAC,
	})
	if err != nil {
		log.Fatal(err)
	}
	mac, err := assets.SignWithSecret("", []byte("data"))
	fmt.Println(len(mac), err)
	fmt.Println(assets)
	// Output:
	// 32 <nil>
	// trust.Memory{server: https://iot.example.com:443, client: "SENSOR-1", endpoint: ""}
}
