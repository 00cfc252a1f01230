package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/generated/humiditysensor"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// passphrase is that of all provisioning files.
const passphrase = "figures"

// Devices that the cloud knows, activated already.
const (
	ownDevice  = "OWN"
	peerDevice = "PEER"
	gateway    = "GATEWAY"
)

// cloudSettings say where the cloud finds its model and puts its files.
type cloudSettings struct {
	Folder string
	Model  string // file
}

// cloudReady tells the provisioning files by device.
type cloudReady struct{ Files map[string]string }

// cloudCount is what the cloud has seen so far.
type cloudCount struct {
	CPU        time.Duration // used until the command came
	Messages   uint64
	Duplicates int64
	Violating  int64
}

// serveCloud is the worker that is the emulator.
func serveCloud(ctx context.Context, s cloudSettings, t *talk) (err error) {
	server, err := emulator.New()
	if err != nil {
		return err
	}
	listener, err := emulator.Listen("localhost:0")
	if err != nil {
		return errors.Join(err, server.Close(ctx))
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, server.Close(last), <-ended)
	}()
	files, err := provision(server, s, "https://"+listener.Addr().String())
	if err != nil {
		return err
	}
	if err := t.answer(cloudReady{files}); err != nil {
		return err
	}
	return countMessages(server, t)
}

// countMessages answers every command with the number of messages so far.
func countMessages(server *emulator.Server, t *talk) error {
	var seen uint64
	for _, more := t.next(); more; _, more = t.next() {
		cpu, err := processorTime()
		if err != nil {
			return err
		}
		messages, _, err := server.Messages(seen)
		if err != nil {
			return err
		}
		if len(messages) > 0 {
			seen = messages[len(messages)-1].Seq
		}
		if err := t.answer(cloudCount{cpu, seen, server.Duplicates(), server.Violating()}); err != nil {
			return err
		}
	}
	return nil
}

// provision makes the cloud know the model and the devices, and writes their
// files. They share a key: making one takes the peer seconds.
func provision(server *emulator.Server, s cloudSettings, url string) (map[string]string, error) {
	model, err := os.ReadFile(s.Model)
	if err != nil {
		return nil, err
	}
	if _, err := server.AddModel(model); err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, trust.MinKeyBits)
	if err != nil {
		return nil, err
	}
	files := make(map[string]string)
	for _, id := range []string{ownDevice, peerDevice, gateway} {
		secret := []byte(rand.Text())
		d, err := server.Register(emulator.Registration{
			HardwareID: id, Secret: secret, PublicKey: &key.PublicKey, Models: []string{humiditysensor.URN}, Gateway: id == gateway,
		})
		if err != nil {
			return nil, err
		}
		files[id] = filepath.Join(s.Folder, id+".conf")
		err = trust.Create(files[id], []byte(passphrase), trust.Config{
			ServerURI: url, ClientID: id, Secret: secret, EndpointID: d.EndpointID, Key: key,
			TrustAnchors: []*x509.Certificate{server.Root()},
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}
