package wire_test

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

func exampleHeader() *wire.Header {
	return &wire.Header{
		ClientID:    wire.UUID{0x6f, 0x1c}, // wire.NewUUID() in earnest
		Source:      "0-AB",
		EventTime:   1511805927387,
		Priority:    wire.Low,
		Reliability: wire.BestEffort,
	}
}

func ExampleAppendData() {
	buffer := make([]byte, 0, 512) // kept from message to message
	for _, speed := range []float64{12.5, 1e21} {
		buffer = wire.AppendData(buffer[:0], exampleHeader(), "urn:com:acme:pump:attributes", []wire.Item{
			{Name: "speed", Value: wire.NumberValue(speed)},
		})
		_, payload, _ := strings.Cut(string(buffer), `"payload":`)
		fmt.Println(payload)
	}
	// Output:
	// {"format":"urn:com:acme:pump:attributes","data":{"speed":12.5}}}
	// {"format":"urn:com:acme:pump:attributes","data":{"speed":1e+21}}}
}

func ExampleAppendAlert() {
	header := exampleHeader()
	header.Priority, header.Reliability = wire.Highest, wire.GuaranteedDelivery
	text := wire.AppendAlert(nil, header, "urn:com:acme:pump:hot", "Pump is hot", wire.SeverityCritical, []wire.Item{
		{Name: "temperature", Value: wire.IntegerValue(90)},
	})
	fmt.Printf("%s\n", text)
	// Output:
	// {"clientId":"6f1c0000-0000-0000-0000-000000000000","source":"0-AB","destination":"","sender":"","priority":"HIGHEST","reliability":"GUARANTEED_DELIVERY","eventTime":1511805927387,"type":"ALERT","payload":{"format":"urn:com:acme:pump:hot","data":{"temperature":90},"severity":"CRITICAL","description":"Pump is hot"}}
}

// The answer to a request goes back where that came from, with its id.
func ExampleAppendResponse() {
	request, err := wire.DecodeMessage([]byte(`{"id":"a7","source":"server","destination":"0-AB","type":"REQUEST",
		"payload":{"method":"GET","url":"deviceModels/urn:oracle:iot:dcd:capability:diagnostics/info"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	header := exampleHeader()
	header.Source, header.Destination = request.Destination, request.Source
	text := wire.AppendResponse(nil, header, &wire.Response{
		StatusCode: 200,
		RequestID:  request.ID,
		Headers:    map[string][]string{"Content-Type": {"application/json"}},
		Body:       []byte(`{}`),
	})
	fmt.Printf("%s\n", text)
	// Output:
	// {"clientId":"6f1c0000-0000-0000-0000-000000000000","source":"0-AB","destination":"server","sender":"","priority":"LOW","reliability":"BEST_EFFORT","eventTime":1511805927387,"type":"RESPONSE","payload":{"statusCode":200,"url":"","requestId":"a7","headers":{"content-type":["application/json"]},"body":"e30="}}
}

// A server's request, as every client takes it: with id, clientId and body.
func ExampleAppendRequest() {
	header := exampleHeader()
	header.Source, header.Destination, header.Priority = "server", "0-AB", wire.Medium
	text := wire.AppendRequest(nil, header, "a7", &wire.Request{
		Method: "PUT",
		URL:    "deviceModels/urn:com:acme:pump/attributes/speed",
		Body:   []byte(`{"value":1}`),
	})
	fmt.Printf("%s\n", text)
	// Output:
	// {"id":"a7","clientId":"6f1c0000-0000-0000-0000-000000000000","source":"server","destination":"0-AB","sender":"","priority":"MEDIUM","reliability":"BEST_EFFORT","eventTime":1511805927387,"type":"REQUEST","payload":{"method":"PUT","url":"deviceModels/urn:com:acme:pump/attributes/speed","headers":{},"params":{},"body":"eyJ2YWx1ZSI6MX0="}}
}

func ExampleAppendResourcesReport() {
	text := wire.AppendResourcesReport(nil, exampleHeader(), &wire.ResourcesReport{
		ReportType:   wire.ReportUpdate,
		EndpointName: "0-AB",
		Resources: []wire.Resource{{
			EndpointName: "0-AB",
			Name:         "lamp/state",
			Path:         "lamp/state",
			Methods:      []string{"GET", "PUT"},
		}},
	})
	_, payload, _ := strings.Cut(string(text), `"payload":`)
	fmt.Println(payload)
	// Output:
	// {"type":"JSON","value":{"reportType":"UPDATE","endpointName":"0-AB","resources":[{"endpointName":"0-AB","name":"lamp/state","path":"lamp/state","status":"ADDED","methods":"GET,PUT"}]}}}
}

// A server stores what it received with members of its own.
func ExampleMessage_Append() {
	m, err := wire.DecodeMessage([]byte(`{"clientId":"6F1C-1","source":"0-AB","priority":"LOW","reliability":"BEST_EFFORT",
		"eventTime":1.511805927387E12,"type":"DATA","remainingRetries":3,"payload":{"format":"f","data":{"x":1.0E7}}}`))
	if err == nil {
		err = m.CheckFromDevice()
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	m.ID, m.Direction, m.ReceivedTime = "3f0c", wire.FromDevice, 1511805927500
	text, err := m.Append(nil)
	fmt.Printf("%s %v\n", text, err)
	// Output:
	// {"id":"3f0c","clientId":"6F1C-1","source":"0-AB","destination":"","sender":"","priority":"LOW","reliability":"BEST_EFFORT","eventTime":1511805927387,"receivedTime":1511805927500,"type":"DATA","direction":"FROM_DEVICE","payload":{"format":"f","data":{"x":10000000}}} <nil>
}

func ExampleMessage_CheckFromDevice() {
	m, err := wire.DecodeMessage([]byte(`{"source":"0-AB","reliability":"BEST_EFFORT","eventTime":1,"type":"DATA",
		"payload":{"format":"f","data":{"x":1}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var invalid *wire.InvalidError
	if errors.As(m.CheckFromDevice(), &invalid) {
		fmt.Println(invalid.Pointer, invalid.Code, errors.Is(invalid, wire.ErrMissing))
	}
	fmt.Println("absent:", m.Absent)
	// Output:
	// /priority 1010 true
	// absent: id,clientId,destination,priority
}

func ExampleCheckValue() {
	fmt.Println(wire.CheckValue(wire.NumberValue(math.NaN())))
	fmt.Println(wire.CheckValue(wire.StringValue(strings.Repeat("é", 40000))))
	fmt.Println(wire.CheckValue(wire.IntegerValue(5)))
	// Output:
	// number is not finite
	// text of 80000 bytes, limit 65535
	// <nil>
}

func ExampleValue_Same() {
	received := wire.NumberValue(5) // as 5.0 or 0.5E1 on the wire
	fmt.Println(received.Same(wire.IntegerValue(5)), received == wire.IntegerValue(5))
	// Output: true false
}

// What comes before the damage can still be used.
func ExampleSplitArray() {
	parts, err := wire.SplitArray([]byte(`[ {"type":"REQUEST"}, {"type":tru} ]`))
	for _, part := range parts {
		fmt.Printf("%s\n", part)
	}
	fmt.Println(err)
	// Output:
	// {"type":"REQUEST"}
	// wire: offset 33, "/1/type": not JSON (1001)
}

func ExampleDecodeObject() {
	members, err := wire.DecodeObject([]byte(`{"speed":1.0E3,"running":true,"note":"ok","limits":[1,2]}`), nil)
	for _, m := range members {
		fmt.Printf("%s: %v %v %v %q\n", m.Name, m.Value.Kind, m.Value.Number, m.Value.Boolean, m.Value.Text)
	}
	fmt.Println(err)
	_, err = wire.DecodeObject([]byte(`{"speed":1,"speed":2}`), nil)
	fmt.Println(err)
	// Output:
	// speed: number 1000 false "1.0E3"
	// running: boolean 0 true ""
	// note: string 0 false "ok"
	// limits: array or object 0 false "[1,2]"
	// <nil>
	// wire: offset 11, "/speed": duplicate name: "speed" (1001)
}

func ExampleRequest_EffectiveMethod() {
	r := wire.Request{
		Method:  "POST",
		URL:     "deviceModels/urn:com:acme:pump/attributes",
		Headers: map[string][]string{"x-http-method-override": {"PATCH"}},
	}
	fmt.Println(r.EffectiveMethod())
	// Output: PATCH
}

func ExampleReconciliationMark() {
	fmt.Println(wire.ReconciliationMark([]string{"b", "a", "b"}))
	// Output: 187ef4436122d1cc2f40dc2b92f0eba0
}

func ExampleUUIDSource() {
	var source wire.UUIDSource // one for each client, say
	u := source.New()
	back, err := wire.ParseUUID(u.String())
	fmt.Println(back == u, err)
	// Output: true <nil>
}
