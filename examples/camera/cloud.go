package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/iotcs-go/iotcs/examples/internal/cloud"
	"github.com/iotcs-go/iotcs/generated/motionactivatedcamera"
)

// writeReference is the cloud's part: it writes which picture is the reference.
func writeReference(ctx context.Context, getenv func(string) string, endpoint, uri string) error {
	c, err := cloud.Connect(getenv)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"value": uri})
	if err != nil {
		return err
	}
	path := "devices/" + endpoint + "/deviceModels/" + url.PathEscape(motionactivatedcamera.URN) + "/attributes/placeholder?iot.sync"
	status, answer, err := c.Call(ctx, http.MethodPut, path, string(body))
	if err == nil && status >= 300 {
		err = fmt.Errorf("the camera did not take the reference picture: %d %s", status, answer)
	}
	return err
}
