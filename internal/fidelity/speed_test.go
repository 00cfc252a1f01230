//go:build unix

package fidelity_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/transport/rest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// cpu is the processor time of this process so far, of all threads.
type cpu struct{ user, system time.Duration }

func cpuTime(t testing.TB) cpu {
	t.Helper()
	var usage syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return cpu{time.Duration(usage.Utime.Nano()), time.Duration(usage.Stime.Nano())}
}

// reportSince reports what was used for each operation, the kernel's part apart.
func (c cpu) reportSince(b *testing.B) {
	now := cpuTime(b)
	micro := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(b.N) }
	b.ReportMetric(micro(now.user-c.user), "user-µs/op")
	b.ReportMetric(micro(now.system-c.system), "system-µs/op")
}

// batch100 is how many messages a call carries here.
const batch100 = 100

// modelByHand is a device model that need not be fetched.
func modelByHand() *device.Model {
	return &device.Model{URN: sensorURN, Name: "Humidity Sensor", Attributes: []device.Attribute{
		{Name: "humidity", Type: device.TypeInteger, Range: &device.Range{Low: 0, High: 100}},
	}}
}

// sender is a device that has sent already, so that token and connection are there.
type sender struct {
	*device.Device
	sensor  device.Binding
	batches chan int // sizes of delivered batches
}

func startSender(t testing.TB, f *far) *sender {
	t.Helper()
	dev, err := device.OpenAssets(t.Context(), f.assets(t), device.WithDialer(f.dial), device.OnDrift(device.Ignore))
	must(t, err)
	t.Cleanup(func() {
		if err := dev.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s := &sender{Device: dev, batches: make(chan int, 1000)}
	s.sensor, err = device.Bind(dev, dev.EndpointID(), modelByHand())
	must(t, err)
	for range 5 { // buffers grow to their size
		s.send(t)
	}
	return s
}

// send queues a batch and returns when the server has it.
func (s *sender) send(t testing.TB) {
	for i := range batch100 {
		if err := s.sensor.SetInteger(0, int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// TestAllocationsOfSending: at most 3 allocations for each message from the
// setter to the server's answer, those of the calls and of whatever runs beside
// included.
func TestAllocationsOfSending(t *testing.T) {
	if racetest.Enabled {
		t.Skip("the race detector allocates")
	}
	s := startSender(t, startFar(t))
	perMessage := testing.AllocsPerRun(20, func() { s.send(t) }) / batch100
	t.Logf("%.2f allocations for each message", perMessage)
	if perMessage > 3 {
		t.Errorf("%.2f allocations for each message, at most 3 allowed", perMessage)
	}
}

// BenchmarkSending measures a message's whole way: setter, queue, call, answer.
func BenchmarkSending(b *testing.B) {
	s := startSender(b, startFar(b))
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		s.send(b)
	}
	before.reportSince(b)
}

// body100 is the body of a call with 100 messages, as the dispatcher makes it.
func body100() []byte {
	body := []byte{'['}
	for i := range batch100 {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"clientId":"7c1c83c0-7d9e-4e21-9d8a-2f8a1b4d5e6f","source":"0-FAR","destination":"","sender":"","priority":"LOW",`+
			`"reliability":"BEST_EFFORT","eventTime":1795341081953,"type":"DATA","payload":{"format":"`+sensorURN+`:attributes","data":{"humidity":`...)
		body = strconv.AppendInt(body, int64(i), 10)
		body = append(body, "}}}"...)
	}
	return append(body, ']')
}

// BenchmarkPost measures the call alone.
func BenchmarkPost(b *testing.B) {
	f := startFar(b)
	c, err := rest.New(rest.Config{Assets: f.assets(b), Dial: f.dial})
	must(b, err)
	b.Cleanup(func() { c.Close() })
	body := body100()
	_, err = c.Send(b.Context(), body, 0)
	must(b, err)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	before := cpuTime(b)
	for b.Loop() {
		if _, err := c.Send(b.Context(), body, 0); err != nil {
			b.Fatal(err)
		}
	}
	before.reportSince(b)
}

// BenchmarkPostBare writes the bytes of the same call and reads those of its
// answer, and does nothing else: what TLS, the kernel and Go's scheduler take of
// BenchmarkPost.
func BenchmarkPostBare(b *testing.B) {
	f := startFar(b)
	under, err := f.dial(b.Context(), "tcp", "")
	must(b, err)
	defer under.Close()
	roots := x509.NewCertPool()
	roots.AddCert(f.anchor)
	conn := tls.Client(under, &tls.Config{RootCAs: roots, ServerName: strings.Split(host, ":")[0]})
	body := body100()
	call := fmt.Appendf(nil, "POST %s?acceptBytes=0 HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", messagesPath, host, len(body), body)
	answer := make([]byte, 4<<10)
	exchange := func() {
		if _, err := conn.Write(call); err != nil {
			b.Fatal(err)
		}
		if n, err := conn.Read(answer); err != nil || !bytes.HasPrefix(answer[:n], []byte("HTTP/1.1 202 ")) {
			b.Fatalf("%q %v", answer[:n], err)
		}
	}
	for range 10 {
		exchange()
	}
	b.SetBytes(int64(len(body)))
	before := cpuTime(b)
	for b.Loop() {
		exchange()
	}
	before.reportSince(b)
}

// TestMemoryOfPost: a call with 100 messages, of 28 kB, is not copied on its way.
func TestMemoryOfPost(t *testing.T) {
	if racetest.Enabled {
		t.Skip("the race detector allocates")
	}
	f := startFar(t)
	c, err := rest.New(rest.Config{Assets: f.assets(t), Dial: f.dial})
	must(t, err)
	t.Cleanup(func() { c.Close() })
	body := body100()
	post := func(n int) (allocated uint64) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			_, err := c.Send(t.Context(), body, 0)
			must(t, err)
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / uint64(n)
	}
	post(10)
	if bytes := post(200); bytes > 12<<10 {
		t.Errorf("%d bytes allocated for each call, at most 12 KiB allowed", bytes)
	}
}

// activationTime makes the file of a device whose key has been made by an earlier
// attempt, and returns the processor time of its activation: everything but the
// making of the key.
func activationTime(t testing.TB, f *far) time.Duration {
	t.Helper()
	path := filepath.Join(t.TempDir(), "device.conf")
	config := f.config()
	config.TrustAnchors = []*x509.Certificate{f.anchor}
	must(t, trust.Create(path, []byte(passphrase), config))
	file, err := trust.Open(path, []byte(passphrase))
	must(t, err)
	attempt, err := file.BeginActivation(t.Context())
	must(t, err)
	_, err = attempt.GenerateKey(t.Context(), 2048)
	must(t, err)
	must(t, attempt.Close())

	before := cpuTime(t)
	dev, err := device.Open(t.Context(), path, passphrase, device.WithDialer(f.dial))
	must(t, err)
	must(t, dev.Activate(t.Context(), sensorURN))
	after := cpuTime(t)
	must(t, dev.Close(context.Background()))
	return after.user - before.user + after.system - before.system
}

// TestActivationTime: opening the file and activating takes at most 150 ms of
// processor time beside the making of the key.
func TestActivationTime(t *testing.T) {
	if racetest.Enabled {
		t.Skip("the race detector takes its time")
	}
	f := startFar(t)
	best := time.Hour
	for range 3 { // what runs beside can only add
		best = min(best, activationTime(t, f))
	}
	t.Logf("%v", best)
	if best > 150*time.Millisecond {
		t.Errorf("activation takes %v, at most 150 ms allowed", best)
	}
}

// BenchmarkActivation measures the same.
func BenchmarkActivation(b *testing.B) {
	f := startFar(b)
	var used time.Duration
	for b.Loop() {
		used += activationTime(b, f)
	}
	b.ReportMetric(float64(used.Microseconds())/float64(b.N)/1000, "cpu-ms/op")
}
