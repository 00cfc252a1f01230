package content

import (
	"bytes"
	"context"
	"slices"
)

// Hold is what a message waits for that carries the URIs of objects: the uploads
// of all of them. It ends when all have ended well, or with the first that fails.
// All methods may be called from any goroutine.
type Hold struct {
	store   *Store
	objects []*Object
	needs   []byte // what Needs returns
	done    chan struct{}

	// Guarded by store.mu, except err once done is closed.
	runs   []*run
	left   int
	err    error
	over   bool
	notify []func(error)
}

// Hold begins the uploads of objects, where that was not done before, and returns
// what a message has to wait for that carries their URIs. Objects that are in
// sync, and those that lie in the store already because they came as a URI, are
// not waited for; neither are downloads. Whether an object is in sync and the
// wait for it are settled in one step. An object may be in several holds.
//
// Errors: of an object that failed its [*TransferError], [ErrNoContent] for one
// without a source, [ErrQueueFull], [ErrClosed], [ErrForeign] for an object of
// another store. Then no upload was begun, and the message must not be sent.
func (s *Store) Hold(objects ...*Object) (*Hold, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := &Hold{store: s, objects: slices.Clone(objects), done: make(chan struct{})}
	if err := h.start(objects); err != nil {
		return nil, err
	}
	if h.left == 0 {
		h.end(nil)
	}
	return h, nil
}

// start begins what has to be begun, all or nothing. store.mu is held.
func (h *Hold) start(objects []*Object) error {
	s := h.store
	var wait []*Object
	fresh := 0
	for _, o := range objects {
		needed, err := o.needsUpload(s)
		if err != nil {
			return err
		}
		if needed && !slices.Contains(wait, o) {
			wait = append(wait, o)
			if o.state == NotInSync {
				fresh++
			}
		}
	}
	switch {
	case fresh > 0 && s.closed:
		return ErrClosed
	case fresh > 0 && len(s.running)+len(s.queue)+fresh > s.config.Transfers+s.config.QueueSize:
		return ErrQueueFull
	}
	h.needs = needsOf(wait)
	for _, o := range wait {
		r, err := s.begin(o)
		if err != nil {
			return err
		}
		r.wanted++
		r.holds = append(r.holds, h)
		h.runs = append(h.runs, r)
		h.left++
	}
	return nil
}

// Sendable returns why no message can carry the object's URI now: the
// [*TransferError] of an upload that failed, or [ErrNoContent] for an object that is
// not in the store and has no source. It returns nil if one can, perhaps after an
// upload.
func (o *Object) Sendable() error {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	_, err := o.needsUpload(o.store)
	return err
}

// needsUpload reports whether a message with the object's URI has to wait.
func (o *Object) needsUpload(s *Store) (bool, error) {
	switch {
	case o.store != s:
		return false, ErrForeign
	case o.source != nil && o.state == Failed:
		return false, o.err
	case o.source != nil:
		return o.state != InSync, nil
	case o.incoming || o.inStore:
		return false, nil
	}
	return false, ErrNoContent
}

// ended notes the end of one of the uploads. store.mu is held.
func (h *Hold) ended(err error) (tell []func()) {
	h.left--
	if h.over || err == nil && h.left > 0 {
		return nil
	}
	return h.end(err)
}

func (h *Hold) end(err error) (tell []func()) {
	h.err, h.over = err, true
	close(h.done)
	for _, f := range h.notify {
		tell = append(tell, func() { f(err) })
	}
	h.notify = nil
	return tell
}

// Done is closed when the wait is over.
func (h *Hold) Done() <-chan struct{} { return h.done }

// Err returns nil when all uploads ended well: the message may leave. Else it
// returns the [*TransferError] of the first that failed; before Done is closed it
// returns nil.
func (h *Hold) Err() error {
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	return h.err
}

// Notify has f called once with what Err returns when the wait is over: from a
// goroutine of the store, or from within Notify if it is over already. f is called
// without any lock held and must not block. After Withdraw it is not called any
// more, except by an end of the wait that came just before.
func (h *Hold) Notify(f func(error)) {
	h.store.mu.Lock()
	if !h.over {
		h.notify = append(h.notify, f)
		h.store.mu.Unlock()
		return
	}
	err := h.err
	h.store.mu.Unlock()
	f(err)
}

// Withdraw says that the message is not waiting any more. Uploads that nobody else
// waits for are cancelled. Done is closed and Err is then [context.Canceled],
// unless the wait was over before.
func (h *Hold) Withdraw() {
	h.store.mu.Lock()
	var tell []func()
	if !h.over {
		h.notify = nil
		tell = append(h.end(context.Canceled), h.leave()...)
	}
	h.store.mu.Unlock()
	call(tell)
}

// leave takes h off the uploads. store.mu is held.
func (h *Hold) leave() (tell []func()) {
	for _, r := range h.runs {
		r.holds = slices.DeleteFunc(r.holds, func(other *Hold) bool { return other == h })
		tell = append(tell, r.leave(context.Canceled)...)
	}
	h.runs = nil
	return tell
}

// Complete puts the URIs of the objects into a message that was built with
// [Object.Reference] before they were known. It returns json, or a copy if
// something was replaced. Once the wait ended well no reference is left.
func (h *Hold) Complete(json []byte) []byte {
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	for _, o := range h.objects {
		uri := o.uri()
		if uri == "" || o.target == "" {
			continue
		}
		reference := []byte(`"` + referenceScheme + o.target + `"`)
		if bytes.Contains(json, reference) {
			json = bytes.ReplaceAll(json, reference, []byte(`"`+uri+`"`))
		}
	}
	return json
}
