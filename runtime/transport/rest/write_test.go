package rest_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/transport/rest"
)

// writes counts the writes of a connection.
type writes struct {
	net.Conn
	n *atomic.Int64
}

// Write implements [net.Conn].
func (w writes) Write(p []byte) (int, error) {
	w.n.Add(1)
	return w.Conn.Write(p)
}

// TestSmallCallsAreOneWrite: a header that travels alone costs a packet.
func TestSmallCallsAreOneWrite(t *testing.T) {
	s := newServer(t)
	var n atomic.Int64
	c := s.connect(t, true, func(config *rest.Config) {
		config.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := s.pipe.dial(ctx, network, addr)
			return writes{conn, &n}, err
		}
	})
	must(t, send(t, c)) // connects
	before := n.Load()
	must(t, send(t, c))
	if wrote := n.Load() - before; wrote != 1 {
		t.Errorf("%d writes", wrote)
	}
}
