package wire_test

import (
	"errors"
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// A reading leaves a device, a request comes back.
func Example() {
	header := wire.Header{
		ClientID:    wire.UUID{0x6f, 0x1c}, // wire.NewUUID() in earnest
		Source:      "0-AB",
		EventTime:   1511805927387,
		Priority:    wire.Low,
		Reliability: wire.BestEffort,
	}
	buffer := make([]byte, 0, 1024)
	buffer = wire.AppendData(buffer, &header, "urn:com:acme:pump:attributes", []wire.Item{
		{Name: "speed", Value: wire.NumberValue(12.5)},
		{Name: "running", Value: wire.BooleanValue(true)},
	})
	fmt.Printf("%s\n", buffer)

	answer := []byte(`[{"id":"a7","clientId":"c1","source":"server","destination":"0-AB","type":"REQUEST",
		"payload":{"method":"PUT","url":"deviceModels/urn:com:acme:pump/attributes/speed","body":"eyJ2YWx1ZSI6MX0="}}]`)
	requests, err := wire.SplitArray(answer)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range requests {
		m, err := wire.DecodeMessage(text)
		if err == nil {
			err = m.CheckRequest()
		}
		if err != nil {
			fmt.Println(err)
			continue
		}
		members, err := wire.DecodeObject(m.Request.Body, nil)
		fmt.Println(m.Request.EffectiveMethod(), m.Request.URL, members[0].Name, members[0].Value.Number, err)
	}
	// Output:
	// {"clientId":"6f1c0000-0000-0000-0000-000000000000","source":"0-AB","destination":"","sender":"","priority":"LOW","reliability":"BEST_EFFORT","eventTime":1511805927387,"type":"DATA","payload":{"format":"urn:com:acme:pump:attributes","data":{"speed":12.5,"running":true}}}
	// PUT deviceModels/urn:com:acme:pump/attributes/speed value 1 <nil>
}

// Walking the items of a queued message.
func ExampleDecodeMessage() {
	queued := wire.Encoded{JSON: []byte(`{"source":"0-AB","type":"DATA","payload":{"format":"f","data":{"a":1.0E7,"b":"x"}}}`)}
	m, err := wire.DecodeMessage(queued.JSON)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, item := range m.Data.Items {
		n, whole := item.Value.AsInteger()
		fmt.Println(item.Name, item.Value.Kind(), n, whole)
	}
	// Output:
	// a NUMBER 10000000 true
	// b STRING 0 false
}

// What is wrong is told with its place, and who is to be answered.
func ExampleDecodeError() {
	_, err := wire.DecodeMessage([]byte(`{"id":"a7","source":"server","type":"REQUEST","payload":{"method":"GET","body":"?"}}`))
	var wrong *wire.DecodeError
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Pointer, wrong.Code, wrong.Source, wrong.ID)
	}
	fmt.Println(err)
	// Output:
	// /payload/body 1205 server a7
	// wire: offset 79, "/payload/body": not base64 (1205)
}
