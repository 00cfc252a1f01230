package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/iotcs-go/iotcs/examples/internal/cloud"
	"github.com/iotcs-go/iotcs/generated/humiditysensor"
)

// request is what the cloud asks the device.
type request struct{ method, path, body string }

// ask sends a request to the device and waits for its answer.
func ask(ctx context.Context, c *cloud.Cloud, endpoint string, r request) (string, error) {
	path := "devices/" + endpoint + "/deviceModels/" + url.PathEscape(humiditysensor.URN) + "/" + r.path + "?iot.sync"
	status, answer, err := c.Call(ctx, r.method, path, r.body)
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, answer)), err
}

// show prints the data and alerts that the server has of the device, oldest
// first; there must be n.
func show(ctx context.Context, c *cloud.Cloud, out io.Writer, endpoint string, n int) error {
	status, answer, err := c.Call(ctx, http.MethodGet, "messages?limit=200&device="+url.QueryEscape(endpoint), "")
	if err != nil {
		return err
	}
	var page struct {
		Items []struct {
			Type      string
			EventTime int64
			Payload   struct{ Data json.RawMessage }
		}
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return fmt.Errorf("messages: status %d: %w", status, err)
	}
	found := 0
	for i := len(page.Items) - 1; i >= 0; i-- {
		if m := page.Items[i]; m.Type == "DATA" || m.Type == "ALERT" {
			fmt.Fprintf(out, "   cloud:  got %-5s %s\n", m.Type, m.Payload.Data)
			found++
		}
	}
	if found != n {
		return fmt.Errorf("the server has %d messages of the device, not %d", found, n)
	}
	return nil
}
