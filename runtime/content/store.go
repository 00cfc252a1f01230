package content

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Store is the platform's object store as one device or gateway sees it: the
// queue of its transfers, those under way, and the token. All methods may be
// called from any goroutine.
type Store struct {
	config Config
	log    *slog.Logger
	access access
	ctx    context.Context // ends when Close gives up waiting
	cancel context.CancelCauseFunc

	connect   func() *http.Transport // the same one each time
	connected atomic.Bool

	mu      sync.Mutex // also guards what changes in objects and runs
	closed  bool
	queue   []*run
	running map[*run]struct{}
	workers sync.WaitGroup // transfers and the notifier
	events  []func()       // that the application is still to be told
	telling bool

	closing  sync.Mutex // held by the one Close that does the work
	isClosed bool
	closeErr error
}

// New returns a Store. It makes no call and starts no goroutine: those run only
// while there are transfers.
func New(config Config) (*Store, error) {
	if config.Conn == nil || config.Assets == nil {
		return nil, errRequired
	}
	if err := config.setDefaults(); err != nil {
		return nil, err
	}
	s := &Store{
		config: config,
		log:    config.Logger,
		access: access{
			conn:     config.Conn,
			insecure: config.Insecure,
			maxAge:   config.TokenAge,
			turn:     make(chan struct{}, 1),
		},
		running: make(map[*run]struct{}),
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.connect = sync.OnceValue(s.config.httpTransport) // reads the platform's roots
	return s, nil
}

// NewObject returns an object that is to be uploaded. name may hold folders,
// separated by "/"; contentType "" stands for application/octet-stream. source
// may be nil and set later. Nothing is sent. If another object of that name is in
// the store the upload replaces it.
//
// Errors: [ErrName], [ErrHeader], that of opening a file, [ErrClosed].
func (s *Store) NewObject(name, contentType string, source Source) (*Object, error) {
	if contentType == "" {
		contentType = defaultType
	}
	if err := checkHeader("content type", contentType, maxHeaderValue); err != nil {
		return nil, err
	}
	full := name
	if !s.config.NoPrefix {
		endpoint := s.config.Assets.EndpointID()
		if endpoint == "" {
			return nil, fmt.Errorf("%w: the device has no endpoint id yet", ErrName)
		}
		full = endpoint + "/" + name
	}
	if err := checkName(full); err != nil {
		return nil, err
	}
	o := &Object{store: s, name: name, target: escapeName(full), props: properties{length: -1, contentType: contentType}}
	if source != nil {
		if err := o.SetSource(source); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	o.container = s.access.container()
	return o, nil
}

// Existing returns the object that a URI names, as it came in a message: without
// metadata, which [Object.Stat] or a download brings. It makes no call. It fails
// with [ErrForeign] if the URI is not one of the device's storage objects but the
// address of something else.
//
// Before the container is known every URI counts whose host contains the storage
// host of the [Config], or is that of the IoT server; one that then turns out to
// lie elsewhere fails with ErrForeign when it is used. The token is never sent
// there. Call [Store.Locate] first for an exact answer.
func (s *Store) Existing(uri string) (*Object, error) {
	o := &Object{store: s, text: uri, incoming: true, props: properties{length: -1}}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	c := s.access.container()
	var err error
	switch {
	case uri == "":
		err = fmt.Errorf("%w: it is empty", ErrForeign)
	case c != nil:
		err = o.place(c)
	default:
		o.name, err = s.recognize(uri)
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

// recognize tells whether a URI may be that of a storage object, by its host
// alone, and the last part of the name.
func (s *Store) recognize(uri string) (name string, err error) {
	at, rest, err := splitURI(uri)
	if err != nil {
		return "", fmt.Errorf("%w: %q: %w", ErrForeign, clip(uri), err)
	}
	ours := strings.Contains(at.host, strings.ToLower(s.config.Host)) || at.host == strings.ToLower(s.config.Assets.Host())
	if !ours || rest == "" {
		return "", fmt.Errorf("%w: %q", ErrForeign, clip(uri))
	}
	if at.scheme == "http" && !s.config.Insecure && !isLoopback(at.host) {
		return "", fmt.Errorf("%w: %w: %q", ErrForeign, ErrInsecure, clip(uri))
	}
	if _, name, err = readName(rest[1:]); err != nil {
		return "", fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return name[strings.LastIndexByte(name, '/')+1:], nil
}

// Locate asks the server for the container if it is not known yet, so that URIs
// of objects are known without a transfer.
//
// Errors: [ErrUnavailable], [ErrInsecure], those of the connection, the context's.
func (s *Store) Locate(ctx context.Context) error {
	if s.access.container() != nil {
		return nil
	}
	ctx, release, err := s.bound(ctx)
	if err != nil {
		return err
	}
	defer release()
	_, err = s.access.permit(ctx)
	return err
}

// bound returns a context that also ends when the store is closed.
func (s *Store) bound(ctx context.Context) (context.Context, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, ErrClosed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.ctx, func() { cancel(ErrClosed) })
	return ctx, func() { stop(); cancel(context.Canceled) }, nil
}

// transport returns the connections to the store.
func (s *Store) transport() *http.Transport {
	s.connected.Store(true)
	return s.connect()
}

// Close ends the store: it takes no new transfers, finishes those that wait and
// are under way, and has the application told. When ctx ends first they are cut
// off with [ErrClosed] and counted in a [*LeftError]. Close does not wait longer
// than a second for a reader, writer or callback of the application that hangs
// then. It must not be called from a callback. A second call returns what the
// first returned.
func (s *Store) Close(ctx context.Context) error {
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.isClosed {
		return s.closeErr
	}
	s.isClosed = true
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()

	ended := make(chan struct{})
	go func() {
		s.workers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		s.closeErr = s.cutOff(ctx, ended)
	}
	s.cancel(ErrClosed)
	if s.connected.Load() {
		s.transport().CloseIdleConnections()
	}
	return s.closeErr
}

// cutOff ends what is left.
func (s *Store) cutOff(ctx context.Context, ended <-chan struct{}) error {
	s.mu.Lock()
	left := len(s.queue) + len(s.running)
	var tell []func()
	for len(s.queue) > 0 {
		tell = append(tell, s.queue[0].abandon(ErrClosed)...)
	}
	s.mu.Unlock()
	s.cancel(ErrClosed)
	call(tell)

	timer := time.NewTimer(patienceWithReaders)
	defer timer.Stop()
	stuck := 0
	select {
	case <-ended:
	case <-timer.C:
		s.mu.Lock()
		stuck = len(s.running)
		s.mu.Unlock()
	}
	if left == 0 {
		return nil
	}
	return &LeftError{Transfers: left, Stuck: stuck, Cause: context.Cause(ctx)}
}
