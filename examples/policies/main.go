package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/examples/internal/cloud"
	"github.com/iotcs-go/iotcs/generated/pump"
	"github.com/iotcs-go/iotcs/runtime/device"
)

//go:embed policy.json
var policy string

func main() {
	conf := flag.String("conf", "", "provisioning `file` of the pump")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, *conf, os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "policies:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, conf string, getenv func(string) string, out io.Writer) (err error) {
	server, err := cloud.Connect(getenv)
	if err != nil {
		return err
	}
	dev, err := device.Open(ctx, conf, getenv("IOTCS_PASSPHRASE"), device.RequirePolicy())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dev.Close(ctx)) }()
	if !dev.IsActivated() {
		if err := dev.Activate(ctx, pump.URN); err != nil {
			return err
		}
	}
	if err := assign(ctx, server, dev.EndpointID()); err != nil {
		return err
	}
	fmt.Fprintln(out, "the cloud gives the pump a policy: filter, alert and mean of flow; power computed from flow and head")
	dev.OnDelivered(func(batch []device.Delivery) {
		for _, d := range batch {
			if d.Format != "" {
				fmt.Fprintf(out, "  sent    %-5s %s\n", d.Type, content(d.JSON))
			}
		}
	})
	p, err := pump.New(dev, dev.EndpointID())
	if err != nil {
		return err
	}
	return offer(ctx, out, dev, p)
}

// offer hands readings to the policy, one every tenth of a second.
func offer(ctx context.Context, out io.Writer, dev *device.Device, p *pump.Pump) error {
	if err := p.SetHead(8); err != nil { // a set goes past the pipelines of attributes
		return err
	}
	for _, flow := range []float64{2.0, 2.2, 4.0, 1.8, 0.05, 2.4} {
		fmt.Fprintf(out, "  offered flow=%v\n", flow)
		if err := p.OfferFlow(flow); err != nil {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	fmt.Fprintln(out, "  … the window of the mean ends")
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	return dev.Flush(ctx)
}

// assign makes the policy on the server and gives it to the pump.
func assign(ctx context.Context, server *cloud.Cloud, endpoint string) error {
	base := "deviceModels/" + url.PathEscape(pump.URN) + "/devicePolicies"
	status, answer, err := server.Call(ctx, http.MethodPost, base, policy)
	if err != nil {
		return err
	}
	var made struct{ ID string }
	if err := json.Unmarshal(answer, &made); err != nil || status != http.StatusCreated {
		return fmt.Errorf("the policy was answered %d %s", status, answer)
	}
	status, answer, err = server.Call(ctx, http.MethodPost, base+"/"+made.ID+"/devices", `{"id":"`+endpoint+`"}`)
	if err != nil {
		return err
	}
	if status >= http.StatusMultipleChoices {
		return fmt.Errorf("assigning the policy was answered %d %s", status, answer)
	}
	return nil
}

// content is what a message carries.
func content(message []byte) string {
	var m struct {
		Payload struct {
			Format, Severity string
			Data             json.RawMessage
		}
	}
	if err := json.Unmarshal(message, &m); err != nil {
		return err.Error()
	}
	kind := m.Payload.Format[strings.LastIndexByte(m.Payload.Format, ':')+1:]
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", kind, m.Payload.Data, m.Payload.Severity))
}
