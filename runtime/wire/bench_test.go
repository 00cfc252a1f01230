package wire

import (
	"encoding/json"
	"testing"
)

// typicalRequest is a request as the server sends it for an attribute write,
// about 450 bytes.
const typicalRequest = `{"id":"570a1b37-d324-4496-9081-4dd8a0a1e584","clientId":"c13fa818-5efa-433e-b5a0-0d850ad5b966",` +
	`"source":"0-APP-1","destination":"0-DCD-A001","priority":"MEDIUM","reliability":"BEST_EFFORT",` +
	`"eventTime":1795341081964,"sender":"","type":"REQUEST","properties":{},` +
	`"payload":{"method":"PUT","url":"deviceModels/urn:com:example:iot:device:humidity_sensor/attributes/maxThreshold",` +
	`"headers":{"content-type":["application/json"]},"body":"eyJ2YWx1ZSI6ODV9","params":{}}}`

func sixItems() []Item {
	return []Item{
		{"temperature", NumberValue(21.75)},
		{"humidity", IntegerValue(55)},
		{"running", BooleanValue(true)},
		{"pressure", NumberValue(1013)},
		{"since", DateTimeValue(1795341081953)},
		{"state", StringValue("nominal")},
	}
}

func benchHeader() *Header {
	return &Header{
		ClientID:    UUID{0x5c, 0x9e, 0xc2, 0x34, 0xc0, 0x68, 0x48, 0x3e, 0x81, 0x27, 0x7e, 0xf3, 0xb0, 0xb9, 0xb6, 0x61},
		Source:      "0-DCD-A001",
		EventTime:   1795341081953,
		Priority:    Low,
		Reliability: BestEffort,
	}
}

func BenchmarkAppendData(b *testing.B) {
	h, items, dst := benchHeader(), sixItems(), make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendData(dst[:0], h, "urn:com:example:iot:device:humidity_sensor:attributes", items)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkAppendDataOneItem(b *testing.B) {
	h, items, dst := benchHeader(), sixItems()[1:2], make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendData(dst[:0], h, "urn:com:example:iot:device:humidity_sensor:attributes", items)
	}
}

func BenchmarkAppendResponse(b *testing.B) {
	h, dst := benchHeader(), make([]byte, 0, 1024)
	r := &Response{StatusCode: 202, RequestID: "570a1b37-d324-4496-9081-4dd8a0a1e584"}
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendResponse(dst[:0], h, r)
	}
}

func BenchmarkDecodeRequest(b *testing.B) {
	data := []byte(typicalRequest)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := DecodeMessage(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeData(b *testing.B) {
	data := AppendData(nil, benchHeader(), "urn:com:example:iot:device:humidity_sensor:attributes", sixItems())
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := DecodeMessage(data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkScan and BenchmarkValid compare the scanner with encoding/json.
func BenchmarkScan(b *testing.B) {
	data := []byte(typicalRequest)
	b.ReportAllocs()
	for b.Loop() {
		s := scanner{text: string(data)}
		if !s.skip() {
			b.Fatal(s.err)
		}
	}
}

func BenchmarkValid(b *testing.B) {
	data := []byte(typicalRequest)
	b.ReportAllocs()
	for b.Loop() {
		if !json.Valid(data) {
			b.Fatal()
		}
	}
}

func BenchmarkDecodeObject(b *testing.B) {
	data, members := []byte(`{"value":85}`), make([]Member, 0, 4)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeObject(data, members); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewUUID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		NewUUID()
	}
}

func BenchmarkUUIDSource(b *testing.B) {
	var s UUIDSource
	b.ReportAllocs()
	for b.Loop() {
		s.New()
	}
}

func BenchmarkParseUUID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseUUID("570a1b37-d324-4496-9081-4dd8a0a1e584")
	}
}

func BenchmarkAppendNumber(b *testing.B) {
	dst := make([]byte, 0, 64)
	for _, c := range []struct {
		name string
		f    float64
	}{{"whole", 1013}, {"quarter", 21.75}, {"tenth", 21.7}, {"third", 1.0 / 3}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				dst = appendNumber(dst[:0], c.f)
			}
		})
	}
}
