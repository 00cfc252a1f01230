package emulator

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// Listen listens on an address for [Server.Serve]. The host localhost stands for both loopback addresses, 127.0.0.1 and ::1, with one
// port; a machine without IPv6 has the first only. Port 0 is one that is free.
func Listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	if host != "localhost" {
		return listenTCP(address)
	}
	const attempts = 10 // the port that is free on one address may be taken on the other
	for range attempts {
		var both net.Listener
		if both, err = listenBoth(port); err == nil || port != "0" {
			return both, err
		}
	}
	return nil, err
}

func listenTCP(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	return l, nil
}

func listenBoth(port string) (net.Listener, error) {
	four, err := listenTCP("127.0.0.1:" + port)
	if err != nil {
		return nil, err
	}
	number := four.Addr().(*net.TCPAddr).Port
	six, err := listenTCP(net.JoinHostPort("::1", strconv.Itoa(number)))
	switch {
	case err == nil:
		return newPair(four, six), nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, errors.Join(err, four.Close())
	}
	return four, nil
}

// pair accepts from two listeners.
type pair struct {
	net.Listener // the first: its address stands for both
	second       net.Listener
	accepted     chan accepted
	closed       chan struct{}
	close        func() error
	accepting    sync.WaitGroup
}

type accepted struct {
	conn net.Conn
	err  error
}

func newPair(first, second net.Listener) *pair {
	p := &pair{Listener: first, second: second, accepted: make(chan accepted), closed: make(chan struct{})}
	p.close = sync.OnceValue(func() error {
		close(p.closed)
		err := errors.Join(first.Close(), second.Close())
		p.accepting.Wait()
		return err
	})
	for _, l := range []net.Listener{first, second} {
		p.accepting.Go(func() { p.acceptFrom(l) })
	}
	return p
}

func (p *pair) acceptFrom(l net.Listener) {
	for {
		conn, err := l.Accept()
		select {
		case p.accepted <- accepted{conn, err}:
		case <-p.closed:
			if conn != nil {
				conn.Close()
			}
			return
		}
	}
}

// Accept gives the next connection of either listener.
func (p *pair) Accept() (net.Conn, error) {
	select {
	case a := <-p.accepted:
		return a.conn, a.err
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close closes both listeners.
func (p *pair) Close() error { return p.close() }
