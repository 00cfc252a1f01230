package emulator_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"

	"github.com/iotcs-go/iotcs/emulator"
)

// A server in a program: a device model is posted as curl would do it. Tests use package emulatortest instead.
func Example() {
	server, err := emulator.New(emulator.WithUser("me", "secret"))
	if err != nil {
		fmt.Println(err)
		return
	}
	listener, err := emulator.Listen("localhost:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()

	roots := x509.NewCertPool()
	roots.AddCert(server.Root())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	request, err := http.NewRequestWithContext(ctx, "POST", "https://"+listener.Addr().String()+"/iot/api/v2/deviceModels",
		strings.NewReader(`{"urn":"urn:example:pump","name":"Pump"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	request.SetBasicAuth("me", "secret")
	response, err := client.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()
	client.CloseIdleConnections()
	fmt.Println(response.Status)

	stop()
	fmt.Println(<-served)
	// Output:
	// 201 Created
	// <nil>
}
