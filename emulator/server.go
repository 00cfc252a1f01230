package emulator

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/authority"
	"github.com/iotcs-go/iotcs/emulator/internal/faults"
	"github.com/iotcs-go/iotcs/emulator/internal/history"
	"github.com/iotcs-go/iotcs/emulator/internal/journal"
	"github.com/iotcs-go/iotcs/emulator/internal/mailbox"
	"github.com/iotcs-go/iotcs/emulator/internal/objects"
	"github.com/iotcs-go/iotcs/emulator/internal/policies"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
)

// ErrInUse says that another emulator uses the data folder.
var ErrInUse = errors.New("emulator: another emulator uses the data folder")

// ErrClosed says that the server was closed.
var ErrClosed = errors.New("emulator: the server is closed")

// Server is an emulator. Make one with [New]; all its methods are safe for concurrent use.
type Server struct {
	config    *config
	authority *authority.Authority
	log       *slog.Logger
	lock      *journal.FolderLock // nil without a data folder
	registry  *registry.Registry
	history   *history.History
	mailbox   *mailbox.Box
	policies  *policies.Store
	objects   *objects.Store
	permits   *objects.Tokens // of the object store
	notifier  notifier
	faults    faults.Set
	http      *http.Server
	tls       *tls.Config
	routes    []route

	exchanges   exchanges
	connections connections
	closing     chan struct{}
	closeOnce   sync.Once
	closeErr    error
}

// Times that a client has for its part of an exchange. A held poll is not counted.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	writeTimeout  = 30 * time.Second
	idleTimeout   = 2 * time.Minute
	closeGrace    = 5 * time.Second
)

// maxHeaderBytes leaves room for 10,000 header lines, which are then refused in the platform's error shape.
const maxHeaderBytes = 512 << 10

// New makes a server. It reads what the data folder holds and fails with [ErrInUse] when another emulator uses that folder.
func New(opts ...Option) (_ *Server, err error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, log: c.logger.With("component", "emulator"), mailbox: mailbox.New(), closing: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.release())
		}
	}()
	if err := s.openState(); err != nil {
		return nil, err
	}
	if err := s.openAuthority(); err != nil {
		return nil, err
	}
	for _, fault := range c.faults {
		if _, err := s.AddFault(fault); err != nil {
			return nil, fmt.Errorf("emulator: %w", err)
		}
	}
	s.routes = newRoutes()
	s.http = &http.Server{
		Handler:                      s.handler(),
		ReadHeaderTimeout:            headerTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		DisableGeneralOptionsHandler: true,
		Protocols:                    new(http.Protocols),
		ConnState:                    s.connections.note,
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // handshakes that fail and the like
	}
	s.http.Protocols.SetHTTP1(true) // as the official clients; what one of them does on a connection shows in its order
	return s, nil
}

func (s *Server) openState() (err error) {
	dir := s.config.dataDir
	if dir == "" {
		s.registry, s.history = registry.New(), history.New(s.config.limits)
		s.policies = policies.New(s.ownerOf)
		s.objects, s.permits = objects.New(s.config.storageQuota), objects.NewTokens()
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	if s.lock, err = journal.Lock(dir); err != nil {
		if errors.Is(err, journal.ErrLocked) {
			return fmt.Errorf("%w: %s", ErrInUse, dir)
		}
		return fmt.Errorf("emulator: %w", err)
	}
	var lostState, lostPolicies, lostMessages int64
	if s.registry, lostState, err = registry.Open(filepath.Join(dir, "state.log")); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	if s.policies, lostPolicies, err = policies.Open(filepath.Join(dir, "policies.log"), s.ownerOf); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	if s.history, lostMessages, err = history.Open(dir, s.config.limits); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	if err := s.openObjects(filepath.Join(dir, "objects")); err != nil {
		return err
	}
	if lost := lostState + lostPolicies + lostMessages; lost > 0 {
		s.log.Warn("the last records in the data folder were damaged and have been dropped", "folder", dir, "bytes", lost)
	}
	return nil
}

func (s *Server) openObjects(dir string) (err error) {
	var damaged int
	if s.objects, damaged, err = objects.Open(dir, s.config.storageQuota); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	if damaged > 0 {
		s.log.Warn("storage objects are damaged and are not served", "folder", dir, "objects", damaged)
	}
	if s.permits, err = objects.OpenTokens(filepath.Join(dir, "key")); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	return nil
}

func (s *Server) openAuthority() (err error) {
	c := s.config
	switch {
	case c.authority != nil:
		s.authority = c.authority
	case c.keyCache != "":
		s.authority, err = authority.Cached(c.keyCache)
	case c.dataDir != "":
		s.authority, err = authority.Cached(c.dataDir)
	default:
		s.authority, err = authority.New()
	}
	if err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	certificate, err := s.authority.Certificate(c.hosts...)
	if err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	s.tls = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	return nil
}

// Serve answers on the listener, over TLS, until ctx ends or the server is closed. When ctx ends it closes the server, which takes a
// few seconds at most. It returns nil after an orderly end, and [ErrClosed] when the server was closed before. Several listeners may be
// served at once. Serve closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	if s.exchanges.closing() {
		return errors.Join(ErrClosed, listener.Close())
	}
	served := make(chan struct{})
	var closing sync.WaitGroup
	closing.Go(func() {
		select {
		case <-served:
		case <-ctx.Done():
			grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
			defer cancel()
			s.Close(grace) // its error is that of every call of Close
		}
	})
	err := s.http.Serve(tls.NewListener(listener, s.tls))
	close(served)
	closing.Wait()
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("emulator: %w", err)
	}
	return nil
}

// Close ends the server: held polls are answered, exchanges under way may end within ctx, then connections are cut and the state is
// brought to the disk. Later calls do nothing and return the same error.
func (s *Server) Close(ctx context.Context) error {
	s.closeOnce.Do(func() {
		s.mailbox.Close()
		close(s.closing)
		cut := s.exchanges.wait(ctx)
		err := s.http.Close()
		s.connections.wait(ctx) // of those that ctx gives no time to, each ends by itself in half a second
		s.closeErr = errors.Join(cut, err, s.release())
	})
	return s.closeErr
}

// release gives back what the server holds.
func (s *Server) release() error {
	var errs []error
	if s.registry != nil {
		errs = append(errs, s.registry.Close())
	}
	if s.policies != nil {
		s.settleAll()
		errs = append(errs, s.policies.Close())
	}
	if s.history != nil {
		errs = append(errs, s.history.Close())
	}
	if s.objects != nil {
		errs = append(errs, s.objects.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// RootPEM gives the certificate of the authority that clients must trust, as PEM text.
func (s *Server) RootPEM() []byte { return s.authority.RootPEM() }

// Root gives the certificate of the authority that clients must trust. Do not modify it.
func (s *Server) Root() *x509.Certificate { return s.authority.Root() }

// User gives the name for the calls of people.
func (s *Server) User() string { return s.config.user }

// Password gives the password for the calls of people.
func (s *Server) Password() string { return s.config.password }
