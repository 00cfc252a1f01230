package policy

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// maxWait is the longest sleep of a Scheduler. Deadlines are times of the clock
// on the wall, which may be set while the Scheduler sleeps.
const maxWait = time.Minute

// Scheduler calls the deadlines of many engines with one timer: those of all
// virtual devices of a directly connected device or gateway. Its methods may be
// called from any goroutine.
type Scheduler struct {
	now  func() time.Time
	wake chan struct{}

	mu    sync.Mutex
	queue timers
}

// NewScheduler makes a Scheduler that goes by a clock, which must be the one
// whose times the engines get.
func NewScheduler(now func() time.Time) *Scheduler {
	return &Scheduler{now: now, wake: make(chan struct{}, 1)}
}

// Timer is the next deadline of one engine.
type Timer struct {
	scheduler *Scheduler
	expire    func(now int64) (next int64, ok bool)
	deadline  int64
	position  int // in the queue; -1 when there is no deadline
}

// NewTimer makes a timer without deadline. When one is reached, Run calls
// expire, which is to take the lock of the virtual device, call Expire, and give
// what NextDeadline says then.
func (s *Scheduler) NewTimer(expire func(now int64) (next int64, ok bool)) *Timer {
	return &Timer{scheduler: s, expire: expire, position: -1}
}

// Set replaces the deadline; without ok there is none. It may be called with the
// lock of the virtual device held, after any call of the engine.
func (t *Timer) Set(deadline int64, ok bool) {
	s := t.scheduler
	s.mu.Lock()
	first := s.set(t, deadline, ok)
	s.mu.Unlock()
	if first {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// set changes a timer and tells whether it is the first one now.
func (s *Scheduler) set(t *Timer, deadline int64, ok bool) (first bool) {
	switch queued := t.position >= 0; {
	case !ok && queued:
		heap.Remove(&s.queue, t.position)
		return false
	case !ok || queued && t.deadline == deadline:
		return false
	case queued:
		t.deadline = deadline
		heap.Fix(&s.queue, t.position)
	default:
		t.deadline = deadline
		heap.Push(&s.queue, t)
	}
	return t.position == 0
}

// Stop removes the deadline. A call of expire may be under way.
func (t *Timer) Stop() { t.Set(0, false) }

// Run calls timers when their deadline is reached, until ctx is done. The caller
// starts it in a goroutine of its own and waits for its end.
func (s *Scheduler) Run(ctx context.Context) {
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	for ctx.Err() == nil {
		now := s.now().UnixMilli()
		for t := s.due(now); t != nil && ctx.Err() == nil; t = s.due(now) {
			next, ok := t.expire(now)
			t.again(max(next, now+1), ok) // whatever an engine says, time goes on
		}
		timer.Reset(s.wait(now))
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// due takes a timer whose deadline is reached out of the queue.
func (s *Scheduler) due(now int64) *Timer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 || s.queue[0].deadline > now {
		return nil
	}
	t := s.queue[0]
	heap.Remove(&s.queue, 0)
	return t
}

// again puts a timer back that was called, unless it was set meanwhile.
func (t *Timer) again(next int64, ok bool) {
	t.scheduler.mu.Lock()
	defer t.scheduler.mu.Unlock()
	if t.position < 0 {
		t.scheduler.set(t, next, ok)
	}
}

func (s *Scheduler) wait(now int64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return maxWait
	}
	return min(maxWait, time.Duration(s.queue[0].deadline-now)*time.Millisecond)
}

// timers is a heap of timers by deadline.
type timers []*Timer

func (q timers) Len() int           { return len(q) }
func (q timers) Less(i, j int) bool { return q[i].deadline < q[j].deadline }

func (q timers) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].position, q[j].position = i, j
}

// Push implements heap.Interface.
func (q *timers) Push(x any) {
	t := x.(*Timer)
	t.position = len(*q)
	*q = append(*q, t)
}

// Pop implements heap.Interface.
func (q *timers) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	t.position = -1
	return t
}
