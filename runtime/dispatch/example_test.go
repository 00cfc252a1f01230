package dispatch_test

import (
	"context"
	"fmt"
	"time"

	"github.com/iotcs-go/iotcs/runtime/dispatch"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// A message is queued, sent and settled.
func Example() {
	d, err := dispatch.New(dispatch.Config{
		Conn:     newServer(), // in a device: a connection of package rest
		Endpoint: "0-AB",
		Now:      time.Now,
		Reporter: quiet{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := wire.Header{ClientID: wire.NewUUID(), Source: "0-AB", EventTime: time.Now().UnixMilli(), Priority: wire.Low}
	m := &wire.Encoded{
		ClientID: h.ClientID, Source: h.Source, Type: wire.TypeData, Priority: h.Priority,
		JSON: wire.AppendData(nil, &h, "urn:x:attributes", []wire.Item{{Name: "speed", Value: wire.IntegerValue(5)}}),
	}
	fmt.Println(d.Queue(func(err error) { fmt.Println("delivered:", err == nil) }, m))
	fmt.Println(d.Close(context.Background()))
	// Output:
	// <nil>
	// delivered: true
	// <nil>
}
