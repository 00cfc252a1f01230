package device_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		fmt.Fprintln(os.Stderr, "the device program failed:", runProgram(role))
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// cloud is an emulator that listens in memory, so that it runs in bubbles of
// testing/synctest too, where the clock begins in the year 2000.
type cloud struct {
	*emulator.Server
	t  testing.TB
	mu sync.Mutex
	up bool
	in *memoryListener
}

var authority = sync.OnceValues(emulator.NewAuthority)

func newCloud(t testing.TB, opts ...emulator.Option) *cloud {
	t.Helper()
	a, err := authority()
	must(t, err)
	s, err := emulator.New(append([]emulator.Option{emulator.WithAuthority(a)}, opts...)...)
	must(t, err)
	c := &cloud{Server: s, t: t, up: true, in: newMemoryListener()}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), c.in) }()
	t.Cleanup(func() {
		must(t, s.Close(context.Background()))
		if err := <-served; err != nil && !errors.Is(err, emulator.ErrClosed) { // closed before it began
			t.Error(err)
		}
	})
	return c
}

// cut makes the server unreachable, or reachable again.
func (c *cloud) cut(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up = !on
	if on {
		c.in.drop()
	}
}

func (c *cloud) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c.mu.Lock()
	up := c.up
	c.mu.Unlock()
	if !up {
		return nil, &net.OpError{Op: "dial", Net: network, Err: context.DeadlineExceeded}
	}
	return c.in.dial(ctx)
}

// memoryListener accepts connections made by dial.
type memoryListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once

	mu   sync.Mutex
	open []net.Conn
}

func newMemoryListener() *memoryListener {
	return &memoryListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

func (l *memoryListener) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, client)
	return client, nil
}

// drop cuts all connections.
func (l *memoryListener) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.open {
		c.Close()
	}
	l.open = nil
}

var deviceKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(nil, 2048) })

// assets registers a device and returns its credentials.
func (c *cloud) assets(id string, activated bool, models ...string) *trust.Memory {
	c.t.Helper()
	key, err := deviceKey()
	must(c.t, err)
	r := emulator.Registration{HardwareID: id, Secret: []byte("secret of " + id)}
	config := trust.MemoryConfig{Config: c.trust(id)}
	if activated {
		r.PublicKey, r.Models = &key.PublicKey, append(models, "urn:oracle:iot:dcd:capability:direct_activation")
		config.Key = key
	}
	registered, err := c.Register(r)
	must(c.t, err)
	if activated {
		config.EndpointID = registered.EndpointID
	}
	m, err := trust.NewMemory(config)
	must(c.t, err)
	return m
}

func (c *cloud) trust(id string) trust.Config {
	return trust.Config{
		ServerURI: "https://localhost:443", ClientID: id, Secret: trust.Secret("secret of " + id),
		TrustAnchors: []*x509.Certificate{c.Root()},
	}
}

// file registers a device and writes its provisioning file.
func (c *cloud) file(id string) string {
	c.t.Helper()
	_, err := c.Register(emulator.Registration{HardwareID: id, Secret: []byte("secret of " + id)})
	must(c.t, err)
	path := filepath.Join(c.t.TempDir(), id+".conf")
	must(c.t, trust.Create(path, []byte("pass"), c.trust(id)))
	return path
}

// open opens a device and closes it at the end of the test.
func (c *cloud) open(assets trust.Assets, opts ...device.Option) *device.Device {
	c.t.Helper()
	d, err := device.OpenAssets(context.Background(), assets, c.options(opts)...)
	must(c.t, err)
	c.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = d.Close(ctx) // what is left does not matter any more
	})
	return d
}

func (c *cloud) options(opts []device.Option) []device.Option {
	return append([]device.Option{device.WithDialer(c.dial), device.WithProxy(noProxy)}, opts...)
}

// wait returns the first message after the given one that fits.
func (c *cloud) wait(fits func(emulator.Message) bool) emulator.Message {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var after uint64
	for {
		messages, more, err := c.Messages(after)
		must(c.t, err)
		for _, m := range messages {
			after = m.Seq
			if fits(m) {
				return m
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			c.t.Fatal("the message did not come")
		}
	}
}

// await returns the answer to a request of the cloud.
func (c *cloud) await(r emulator.Request, err error) emulator.Request {
	c.t.Helper()
	must(c.t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	r, err = c.Await(ctx, r.ID)
	must(c.t, err)
	return r
}

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }
