package emulatortest

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
)

// gate is the way to a listener. While it is shut nothing passes.
type gate struct {
	net.Listener
	mu     sync.Mutex
	isShut bool
	conns  map[*gatedConn]struct{}
}

func newGate(l net.Listener) *gate {
	return &gate{Listener: l, conns: make(map[*gatedConn]struct{})}
}

// Accept gives the next connection that comes while the gate is open.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if passed := g.pass(conn); passed != nil {
			return passed, nil
		}
		conn.Close()
	}
}

// pass notes a connection, or gives nil when the gate is shut.
func (g *gate) pass(conn net.Conn) net.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isShut {
		return nil
	}
	passed := &gatedConn{conn, g}
	g.conns[passed] = struct{}{}
	return passed
}

func (g *gate) dial(ctx context.Context) (net.Conn, error) {
	g.mu.Lock()
	isShut := g.isShut
	g.mu.Unlock()
	if isShut {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: g.Addr(), Err: fmt.Errorf("emulatortest: the server is down: %w", syscall.ECONNREFUSED)}
	}
	if p, ok := g.Listener.(*pipe); ok {
		return p.dial(ctx)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", g.Addr().String())
}

func (g *gate) shut() {
	g.mu.Lock()
	g.isShut = true
	var open []*gatedConn
	for conn := range g.conns {
		open = append(open, conn)
	}
	g.mu.Unlock()
	for _, conn := range open {
		conn.Close()
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isShut = false
}

// gatedConn is a connection that the gate knows until it is closed.
type gatedConn struct {
	net.Conn
	gate *gate
}

// Close closes the connection.
func (c *gatedConn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.conns, c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

// pipe is a listener without a network: connections are made in memory.
type pipe struct {
	conns  chan net.Conn
	closed chan struct{}
	close  func()
}

func newPipe() *pipe {
	p := &pipe{conns: make(chan net.Conn), closed: make(chan struct{})}
	p.close = sync.OnceFunc(func() { close(p.closed) })
	return p
}

// Accept gives the server's end of the next connection.
func (p *pipe) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses further connections.
func (p *pipe) Close() error {
	p.close()
	return nil
}

// Addr names the listener.
func (p *pipe) Addr() net.Addr { return pipeAddr{} }

func (p *pipe) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	var err error
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		err = &net.OpError{Op: "dial", Net: "tcp", Addr: pipeAddr{}, Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		err = ctx.Err()
	}
	client.Close()
	server.Close()
	return nil, err
}

type pipeAddr struct{}

// Network calls itself tcp: clients expect that of an address.
func (pipeAddr) Network() string { return "tcp" }

// String gives the address that stands in provisioning files.
func (pipeAddr) String() string { return "localhost:443" }
