package emulator_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// benchmarkIngest posts batches of 100 messages over TLS, device and server on the same machine.
func benchmarkIngest(b *testing.B, opts ...emulator.Option) {
	s := start(b, opts...)
	d := s.activated("dev", false)
	var ids wire.UUIDSource
	items := []wire.Item{{Name: "speed", Value: wire.IntegerValue(12)}, {Name: "label", Value: wire.StringValue("on the way")}}
	var body []byte
	b.ReportAllocs()
	for b.Loop() {
		body = append(body[:0], '[')
		for i := range 100 {
			if i > 0 {
				body = append(body, ',')
			}
			body = wire.AppendData(body, &wire.Header{ClientID: ids.New(), Source: d.id, EventTime: 1511805927387, Priority: wire.Low}, pumpURN+":attributes", items)
		}
		body = append(body, ']')
		response, err := s.client.Do(newRequest(b, s.url+"/iot/api/v2/messages?acceptBytes=0", bytes.NewReader(body), d.token))
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusAccepted {
			b.Fatal(response.Status)
		}
	}
	b.ReportMetric(float64(b.N)*100/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkIngest(b *testing.B) { benchmarkIngest(b) }

func BenchmarkIngestKept(b *testing.B) { benchmarkIngest(b, emulator.WithDataDir(b.TempDir())) }

// BenchmarkCommand is a cloud write from its call to the device's answer.
func BenchmarkCommand(b *testing.B) {
	s := start(b)
	d := s.activated("dev", false)
	b.ReportAllocs()
	for b.Loop() {
		sent := s.write(d, 5)
		got := requests(b, d.poll("acceptBytes=4190"))
		d.respond(got[0], 202, "")
		if r, err := s.server.Await(b.Context(), sent.ID); err != nil || !r.Done() {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkNew is a server with an authority that exists.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		closeServer(b, newServer(b))
	}
}

// BenchmarkMessages lists a page out of 50,000 messages.
func BenchmarkMessages(b *testing.B) {
	s := start(b)
	d := s.activated("dev", false)
	for range 500 {
		batch := make([]map[string]any, 100)
		for i := range batch {
			batch[i] = d.data()
		}
		d.send(batch...).want(b, 202)
	}
	for _, query := range []string{"", "device=" + d.id, "orderBy=eventTime", `q={"payload.data.speed":5}`} {
		b.Run(fmt.Sprintf("%.10s", query), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.asUser("GET", "/messages?"+query, "").want(b, 200)
			}
		})
	}
}
