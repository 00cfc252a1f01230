package dispatch

import "time"

// park keeps a request that nobody handles yet. It returns false when the
// dispatcher is closing.
func (r *requests) park(q *request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.parked = append(r.parked, q)
	if r.timer == nil {
		r.timer = time.AfterFunc(pause(r.d.config.SettleTime), r.unpark)
	}
	return true
}

// pause is how long requests stay parked before they are tried again
// (docs/protocol/dispatch.md §9.3).
func pause(settle time.Duration) time.Duration {
	if settle <= time.Second {
		return settle
	}
	ms := settle.Milliseconds()
	return time.Duration(1000+(ms%1000)/(ms/1000)) * time.Millisecond
}

// unpark tries all parked requests again, for the last time once the settle
// time is over.
func (r *requests) unpark() {
	r.mu.Lock()
	parked := r.parked
	r.parked, r.timer = nil, nil
	r.mu.Unlock()
	late := !time.Now().Before(r.settled)
	for _, q := range parked {
		q.late = late
		r.enter(q)
	}
}
