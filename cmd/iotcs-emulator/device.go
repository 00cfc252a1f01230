package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/iotcs-go/iotcs/runtime/trust"
)

const deviceAddUsage = name + " device add [--emulator READYFILE] [--passphrase-file F] --id ACTIVATION_ID --conf FILE [--gateway] [--icd ID]..."

func (p *program) deviceAddCommand() *cli.Command {
	c := &cli.Command{
		Name:  "add",
		Usage: "register a device and write its provisioning file",
		Flags: []cli.Flag{
			emulatorFlag(),
			&cli.StringFlag{Name: "id", Usage: "activation `id` of the device"},
			&cli.StringFlag{Name: "conf", Usage: "provisioning `file` to make"},
			&cli.StringFlag{Name: "passphrase-file", Usage: "`file` with the passphrase, else " + passphraseVariable + " or a prompt"},
			&cli.BoolFlag{Name: "gateway", Usage: "the device is a gateway"},
			&cli.StringSliceFlag{Name: "icd", Usage: "hardware `id` of a device behind the gateway, registered with a secret of its own"},
		},
	}
	return command(c, deviceAddUsage, false, func(c *cli.Context) error {
		if err := none(c); err != nil {
			return err
		}
		if c.String("id") == "" || c.String("conf") == "" {
			return &usageError{text: "--id and --conf are needed"}
		}
		passphrase, err := p.passphrase(c.String("passphrase-file"))
		if err != nil {
			return err
		}
		defer trust.Wipe(passphrase)
		return p.addDevice(c.Context, c.String("emulator"), passphrase, newDevice{
			id: c.String("id"), conf: p.absolute(c.String("conf")), gateway: c.Bool("gateway") || len(c.StringSlice("icd")) > 0, behind: c.StringSlice("icd")})
	})
}

type newDevice struct {
	id, conf string
	gateway  bool
	behind   []string
}

// addDevice registers the device and those behind it, and writes the file. When one of these fails, nothing stays registered.
func (p *program) addDevice(ctx context.Context, readyFile string, passphrase []byte, d newDevice) (err error) {
	if _, err := os.Lstat(d.conf); err == nil {
		return fmt.Errorf("%s exists already; it is not overwritten", d.conf)
	}
	cloud, err := p.cloud(readyFile)
	if err != nil {
		return err
	}
	anchor, err := firstCertificate(cloud.anchors)
	if err != nil {
		return err
	}
	var registered []string
	defer func() {
		if err != nil {
			for _, id := range registered {
				err = errors.Join(err, cloud.call(ctx, "DELETE", "/devices/"+id, nil, nil))
			}
		}
	}()
	register := func(hardwareID, kind string) (id string, secret []byte, err error) {
		id, secret, err = cloud.register(ctx, hardwareID, kind)
		if err == nil {
			registered = append(registered, id)
		}
		return id, secret, err
	}
	kind := "DIRECTLY_CONNECTED_DEVICE"
	if d.gateway {
		kind = "GATEWAY"
	}
	endpoint, secret, err := register(d.id, kind)
	if err != nil {
		return p.refused(err)
	}
	config := trust.Config{ServerURI: cloud.info.URL, ClientID: d.id, Secret: secret, TrustAnchors: []*x509.Certificate{anchor}}
	for _, id := range d.behind {
		_, secret, err := register(id, "INDIRECTLY_CONNECTED_DEVICE")
		if err != nil {
			return p.refused(err)
		}
		config.ConnectedDevices = append(config.ConnectedDevices, trust.ConnectedDevice{ID: id, Secret: secret})
	}
	if err := trust.Create(d.conf, passphrase, config); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "registered %s as endpoint %s; its provisioning file is %s\n", d.id, endpoint, d.conf)
	return nil
}

// refused prints the emulator's no.
func (p *program) refused(err error) error {
	var no *refusal
	if !errors.As(err, &no) {
		return err
	}
	p.complain(no)
	return errNo
}

// register registers one device with a secret that it invents: letters and digits, as an operator would type them.
func (c *cloud) register(ctx context.Context, hardwareID, kind string) (endpoint string, secret []byte, err error) {
	secret = []byte(rand.Text())
	body, err := json.Marshal(map[string]string{
		"hardwareId": hardwareID, "sharedSecret": base64.StdEncoding.EncodeToString(secret), "name": hardwareID, "type": kind})
	if err != nil {
		return "", nil, err
	}
	var device struct {
		ID string `json:"id"`
	}
	if err := c.call(ctx, "POST", "/devices", body, &device); err != nil {
		return "", nil, err
	}
	return device.ID, secret, nil
}

func firstCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the certificate of the emulator is no PEM text")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the certificate of the emulator: %w", err)
	}
	return certificate, nil
}
