package emulator_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// requests reads what a poll delivered.
func requests(t testing.TB, a answer) []*wire.Message {
	t.Helper()
	elements, err := wire.SplitArray(a.want(t, 202).body)
	if err != nil {
		t.Fatal(err)
	}
	var all []*wire.Message
	for _, element := range elements {
		m, err := wire.DecodeMessage(element)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

func (d *rawDevice) poll(query string) answer {
	d.t.Helper()
	return d.call("POST", "/iot/api/v2/messages?"+query, nil)
}

// respond answers a request.
func (d *rawDevice) respond(request *wire.Message, status int, body string) {
	d.t.Helper()
	d.send(d.data(with("type", "RESPONSE"), with("source", request.Destination), with("destination", request.Source), with("payload", map[string]any{
		"statusCode": status, "url": "", "requestId": request.ID, "headers": map[string]any{"content-type": []string{"text/plain"}, "x-note": []string{"n"}}, "body": []byte(body)}))).want(d.t, 202)
}

func (s *site) write(d *rawDevice, value int) emulator.Request {
	s.t.Helper()
	r, err := s.server.WriteAttribute(d.id, pumpURN, "speed", value)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func TestPollDelivers(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	sent := s.write(d, 5)
	if got := requests(t, d.poll("acceptBytes=0")); len(got) != 0 {
		t.Errorf("an offer of 0 bytes got %d requests", len(got))
	}
	if got := requests(t, d.send(d.data())); len(got) != 0 {
		t.Errorf("a send with an offer of 0 bytes got %d requests", len(got))
	}
	a := d.poll("acceptBytes=4190")
	got := requests(t, a)
	if len(got) != 1 {
		t.Fatalf("delivered %s", a.body)
	}
	m := got[0]
	if m.ID != sent.ID || m.Destination != d.id || m.Source == "" || m.Request.Method != "PUT" || m.Request.URL != "deviceModels/"+pumpURN+"/attributes/speed" || string(m.Request.Body) != `{"value":5}` {
		t.Errorf("request %+v", m)
	}
	if !strings.HasPrefix(string(a.body), "[{") || !strings.HasSuffix(string(a.body), "}]") {
		t.Errorf("not compact: %s", a.body)
	}
	if got := requests(t, d.poll("acceptBytes=4190")); len(got) != 0 {
		t.Error("delivered twice")
	}
	d.respond(m, 202, "done")
	ended, err := s.server.Await(t.Context(), sent.ID)
	if err != nil || ended.Status != "COMPLETED" || ended.Response.StatusCode != 202 || string(ended.Response.Body) != "done" {
		t.Errorf("%+v, %v", ended, err)
	}
}

// A plain REST user sends no offer: everything is delivered, beside the messages that it brings.
func TestPollWithoutOffer(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	for i := range 3 {
		s.write(d, i)
	}
	if got := requests(t, d.call("POST", "/iot/api/v2/messages", encode(t, []any{d.data()}))); len(got) != 3 {
		t.Errorf("%d requests", len(got))
	}
}

func TestPollTooSmall(t *testing.T) {
	s := start(t, emulator.WithPollLimit(150*time.Millisecond))
	d := s.activated("dev", false)
	s.write(d, 5)
	a := d.poll("acceptBytes=50")
	need, err := strconv.Atoi(a.header.Get("X-min-acceptBytes"))
	if len(requests(t, a)) != 0 || err != nil || need < 200 {
		t.Errorf("answer %v %v", a.header, a)
	}
	begin := time.Now()
	if a := d.poll("acceptBytes=50&iot.sync"); a.header.Get("X-min-acceptBytes") == "" || time.Since(begin) < 150*time.Millisecond {
		t.Errorf("%v after %v: such a poll must be held to its end", a.header, time.Since(begin))
	}
	if got := requests(t, d.poll(fmt.Sprint("acceptBytes=", need-1))); len(got) != 0 {
		t.Error("a byte less is too little")
	}
	a = d.poll(fmt.Sprint("acceptBytes=", need))
	if len(requests(t, a)) != 1 || a.header.Get("X-min-acceptBytes") != "" || len(a.body) > need {
		t.Errorf("offered %d: %v %v", need, a.header, a)
	}
}

func TestLongPoll(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site) {
		d := s.activated("dev", false)
		for query, want := range map[string]time.Duration{
			"acceptBytes=4190&iot.sync&iot.timeout=1":       950 * time.Millisecond, // the client gives up 100 ms after its time
			"acceptBytes=4190&iot.sync&iot.timeout=5":       4950 * time.Millisecond,
			"acceptBytes=4190&iot.sync":                     20 * time.Second,
			"acceptBytes=4190&iot.sync=true":                20 * time.Second,
			"acceptBytes=4190&iot.sync&iot.timeout=0":       20 * time.Second,
			"acceptBytes=4190&iot.sync&iot.timeout=9999999": 20 * time.Second,
			"acceptBytes=0&iot.sync":                        20 * time.Second,
			"acceptBytes=4190&iot.timeout=5":                0,
		} {
			begin := time.Now()
			if got := requests(t, d.poll(query)); len(got) != 0 || time.Since(begin) != want {
				t.Errorf("%s: %d requests after %v, want none after %v", query, len(got), time.Since(begin), want)
			}
		}
		time.AfterFunc(7*time.Second, func() { s.write(d, 7) })
		begin := time.Now()
		if got := requests(t, d.poll("acceptBytes=4190&iot.sync")); len(got) != 1 || time.Since(begin) != 7*time.Second {
			t.Errorf("%d requests after %v", len(got), time.Since(begin))
		}
	})
}

// A poll that is held for longer than any deadline of an exchange is answered all the same, and its connection lives on.
func TestVeryLongPoll(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site) {
		d := s.activated("dev", false)
		for range 3 {
			begin := time.Now()
			if a := d.poll("acceptBytes=4190&iot.sync").want(t, 202); time.Since(begin) != 5*time.Minute || string(a.body) != "[]" {
				t.Errorf("%v after %v", a, time.Since(begin))
			}
		}
	}, emulator.WithPollLimit(5*time.Minute))
}

func TestPollGetsRequestsOfDevicesBehind(t *testing.T) {
	s := start(t)
	gateway := s.activated("gw", true)
	icd := endpointOf(t, gateway.call("POST", indirect, indirectBody(t, "icd", nil)))
	sent, err := s.server.CallAction(icd, pumpURN, "stop", nil)
	if err != nil {
		t.Fatal(err)
	}
	got := requests(t, gateway.poll("acceptBytes=4190"))
	if len(got) != 1 || got[0].Destination != icd || string(got[0].Request.Body) != "{}" {
		t.Fatalf("delivered %+v", got)
	}
	gateway.respond(got[0], 200, "")
	if ended, err := s.server.Await(t.Context(), sent.ID); err != nil || ended.Response.StatusCode != 200 {
		t.Errorf("%+v, %v", ended, err)
	}
}

// A device that closes its connection while a poll is held does not swallow the request that comes then.
func TestClosedPoll(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site) {
		d := s.activated("dev", false)
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			request := newRequest(t, s.url+"/iot/api/v2/messages?acceptBytes=4190&iot.sync", nil, d.token)
			if _, err := s.client.Do(request.WithContext(ctx)); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			cancel()
		}
		synctest.Wait() // the closing arrives
		s.write(d, 5)
		if got := requests(t, d.poll("acceptBytes=4190")); len(got) != 1 {
			t.Error("the request went to a connection that was closed")
		}
	})
}

// An answer that cannot be written is not lost: here the client closes its end while the answer is on its way.
func TestAnswerThatIsNotTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site) {
		d := s.activated("dev", false)
		listener := newPipe()
		served := make(chan error, 1)
		go func() { served <- s.server.Serve(context.Background(), listener) }()
		roots := x509.NewCertPool()
		roots.AddCert(s.server.Root())
		raw := listener.dial()
		conn := tls.Client(raw, &tls.Config{RootCAs: roots, ServerName: "localhost"})
		fmt.Fprintf(conn, "POST /iot/api/v2/messages?acceptBytes=4190&iot.sync HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", d.token)
		synctest.Wait() // the poll is held
		sent := s.write(d, 5)
		synctest.Wait() // the answer waits in the pipe: nobody reads
		if got := requests(t, d.poll("acceptBytes=4190")); len(got) != 0 {
			t.Error("delivered while another answer carries it")
		}
		raw.Close()
		synctest.Wait()
		if got := requests(t, d.poll("acceptBytes=4190")); len(got) != 1 || got[0].ID != sent.ID {
			t.Errorf("the request is lost: %v", got)
		}
		closeServer(t, s.server)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// The Java client polls without a length and without a body; the JavaScript client sends its bodies in chunks, a connection each.
func TestFraming(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	roots := x509.NewCertPool()
	roots.AddCert(s.server.Root())
	body := string(encode(t, []any{d.data()}))
	head := "POST /iot/api/v2/messages?acceptBytes=4190 HTTP/1.1\r\nHost: " + strings.TrimPrefix(s.url, "https://") + "\r\nAuthorization: Bearer " + d.token + "\r\n"
	for name, text := range map[string]string{
		"no length, no body": head + "\r\n",
		"chunks":             head + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 10, body[:10], len(body)-10, body[10:]),
		"empty chunks":       head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"absolute target":    strings.Replace(head, " /iot", " "+s.url+"/iot", 1) + "\r\n",
	} {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(s.url, "https://"), &tls.Config{RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || response.StatusCode != 202 {
			t.Errorf("%s: %v, %v", name, response, err)
		}
		conn.Close()
	}
	if n := len(s.stored()); n != 1 {
		t.Errorf("%d messages stored, want 1", n)
	}
}

// Clients that close the connection behind every answer, as the JavaScript client does, get each request once.
func TestClosingClients(t *testing.T) {
	s := start(t)
	d := s.activated("dev", false)
	s.client.Transport.(*http.Transport).DisableKeepAlives = true
	for i := range 100 {
		s.write(d, i)
		got := requests(t, d.poll("acceptBytes=4190"))
		if want := fmt.Sprintf(`{"value":%d}`, i); len(got) != 1 || string(got[0].Request.Body) != want {
			t.Fatalf("poll %d delivered %d requests", i, len(got))
		}
	}
}
