package dispatch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// requests runs handlers: one at a time for each endpoint, in order of arrival,
// and at most RequestWorkers at once. An endpoint has a goroutine only while it
// has work.
type requests struct {
	d       *Dispatcher
	routes  routes
	workers chan struct{} // a token for each handler that runs
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	settled time.Time // until then nobody's requests are parked

	mu     sync.Mutex
	closed bool
	lines  map[string]*line
	parked []*request
	timer  *time.Timer
}

// line is the queue of one endpoint that has work.
type line struct{ waiting []*request }

// request is one request on its way to a handler, or work of the device itself.
type request struct {
	message *wire.Message
	local   func(context.Context)
	size    int // bytes that it holds of the request buffer; 0 once released
	late    bool
}

func newRequests(d *Dispatcher) *requests {
	r := &requests{
		d:       d,
		workers: make(chan struct{}, d.config.RequestWorkers),
		lines:   make(map[string]*line),
		settled: time.Now().Add(max(0, d.config.SettleTime)),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// arrived takes over a request as the server sent it.
func (r *requests) arrived(raw []byte) {
	size := len(raw) + overhead
	m, err := wire.DecodeMessage(raw)
	if err == nil && m.Type != wire.TypeRequest {
		r.d.parts.requests.Warn("the server sent a message that is no request", "type", m.Type, "id", m.ID)
		r.d.receiver.release(size)
		return
	}
	if err == nil {
		err = m.CheckRequest()
	}
	if err != nil {
		r.refuse(m, err)
		r.d.receiver.release(size)
		return
	}
	q := &request{message: m, size: size, late: !time.Now().Before(r.settled)}
	if rt, ok := r.routes.find(m.Destination, m.Request.URL); ok && rt.direct {
		r.start(func() { r.serve(q) })
		return
	}
	r.enter(q)
}

// refuse answers 400 to what is no request, if that can be done at all.
func (r *requests) refuse(m *wire.Message, err error) {
	r.d.counters.protocolErrors.Add(1)
	r.d.parts.requests.Warn("a request cannot be read", "error", err)
	answered := wire.Message{}
	var bad *wire.DecodeError
	switch {
	case m != nil:
		answered.ID, answered.Source, answered.Destination = m.ID, m.Source, m.Destination
	case errors.As(err, &bad):
		answered.ID, answered.Source, answered.Destination = bad.ID, bad.Source, bad.Destination
	}
	if answered.ID == "" || answered.Source == "" {
		return
	}
	r.start(func() {
		r.answer(&answered, &wire.Response{StatusCode: http.StatusBadRequest, Body: []byte(err.Error())})
	})
}

// start runs f in a goroutine that close waits for.
func (r *requests) start(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.running.Go(f)
	}
}

// enter puts a request into the line of its endpoint.
func (r *requests) enter(q *request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.enqueue(q.message.Destination, q)
	}
}

// enqueue appends to the line of an endpoint. The caller holds the lock.
func (r *requests) enqueue(endpoint string, q *request) {
	l := r.lines[endpoint]
	if l == nil {
		l = new(line)
		r.lines[endpoint] = l
		r.running.Go(func() { r.work(endpoint, l) })
	}
	l.waiting = append(l.waiting, q)
}

// work serves the requests of one endpoint until none is left.
func (r *requests) work(endpoint string, l *line) {
	for {
		q := r.next(endpoint, l)
		if q == nil {
			return
		}
		r.workers <- struct{}{}
		if q.local != nil {
			r.runLocal(endpoint, q.local)
		} else {
			r.serve(q)
		}
		<-r.workers
	}
}

func (r *requests) next(endpoint string, l *line) *request {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(l.waiting) == 0 {
		delete(r.lines, endpoint)
		return nil
	}
	q := l.waiting[0]
	l.waiting = l.waiting[1:]
	return q
}

// serve calls the handler of a request and queues the answer. A 404 before the
// settle time is over parks the request.
func (r *requests) serve(q *request) {
	if q.size > 0 {
		r.d.receiver.release(q.size)
		q.size = 0
	}
	answer := r.call(q.message)
	if answer.StatusCode == http.StatusNotFound && !q.late && r.park(q) {
		return
	}
	r.answer(q.message, answer)
}

// call runs the handler of a message.
func (r *requests) call(m *wire.Message) (answer *wire.Response) {
	rt, ok := r.routes.find(m.Destination, m.Request.URL)
	if !ok {
		return &wire.Response{StatusCode: http.StatusNotFound}
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.d.config.RequestTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			r.d.parts.requests.Error("a handler panicked", "endpoint", m.Destination, "url", m.Request.URL, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			answer = &wire.Response{StatusCode: http.StatusInternalServerError, Body: []byte(fmt.Sprint(p))}
		}
	}()
	if answer = rt.handler(ctx, m); answer == nil {
		return &wire.Response{StatusCode: http.StatusInternalServerError, Body: []byte("the handler gave no answer")}
	}
	return answer
}

// answer queues the answer to a message. Answers may go a tenth beyond the
// capacity of the queue; beyond that they wait for room.
func (r *requests) answer(m *wire.Message, answer *wire.Response) {
	filled := *answer
	filled.RequestID = m.ID
	h := wire.Header{
		ClientID:    wire.NewUUID(),
		Source:      m.Destination,
		Destination: m.Source,
		EventTime:   r.d.config.Now().UnixMilli(),
		Priority:    wire.Low,
		Reliability: wire.BestEffort,
	}
	encoded := &wire.Encoded{
		ClientID:    h.ClientID,
		Source:      h.Source,
		Type:        wire.TypeResponse,
		Priority:    h.Priority,
		Reliability: h.Reliability,
		EventTime:   h.EventTime,
		JSON:        wire.AppendResponse(nil, &h, &filled),
	}
	extra := max(1, r.d.config.QueueSize/10)
	for {
		_, err := r.d.queue.put([]*wire.Encoded{encoded}, nil, extra)
		if err == nil {
			return
		}
		if !errors.As(err, new(*FullError)) {
			r.d.parts.requests.Warn("an answer was lost", "request", m.ID, "error", err)
			return
		}
		if err := r.d.queue.waitRoom(r.ctx, 1); err != nil {
			r.d.parts.requests.Warn("an answer was lost", "request", m.ID, "error", err)
			return
		}
	}
}

// close waits for handlers until ctx ends and cancels those that still run.
func (r *requests) close(ctx context.Context) {
	r.mu.Lock()
	r.closed = true
	r.parked = nil
	if r.timer != nil {
		r.timer.Stop()
	}
	r.mu.Unlock()
	release := context.AfterFunc(ctx, r.cancel)
	defer release()
	r.running.Wait()
	r.cancel()
}
