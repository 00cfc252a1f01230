package rest_test

import (
	"context"
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// A device is activated with its provisioning file.
func Example() {
	assets, err := trust.Open("sensor.conf", []byte("passphrase"))
	if err != nil {
		fmt.Println("open:", err != nil)
		return
	}
	c, err := rest.New(rest.Config{Assets: assets})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	id, err := c.Activate(context.Background(), []string{
		"urn:com:example:iot:device:humidity_sensor",
		"urn:oracle:iot:dcd:capability:direct_activation",
	})
	fmt.Println(id, err)
	// Output: open: true
}
