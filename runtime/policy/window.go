package policy

import "github.com/iotcs-go/iotcs/runtime/wire"

// frame cuts time into windows and panes (docs/protocol/policies.md §8.5).
// Window k covers the milliseconds from k*slide to k*slide+length, the end
// excluded, counted from the start of the frame. A pane is the time between two
// neighbouring starts or ends of windows, so a window is a row of whole panes
// and a value is added to one pane only.
//
// With length = full*slide + rest there are two panes for each slide: from its
// start for rest milliseconds, and the remainder. Without a rest there is one.
// Where the slide is longer than the window (full is 0), the second pane of a
// slide is the gap that belongs to no window.
type frame struct {
	length, slide int64 // milliseconds, both above 0
}

func (f frame) rest() int64 { return f.length % f.slide }

// stride is the number of panes from one window's first to the next one's.
func (f frame) stride() int64 {
	if f.rest() == 0 {
		return 1
	}
	return 2
}

// panes is the number of panes of a window.
func (f frame) panes() int64 {
	if f.rest() == 0 {
		return f.length / f.slide
	}
	return 2*(f.length/f.slide) + 1
}

// pane gives the number of the pane at a time of at least 0, and whether it
// belongs to any window.
func (f frame) pane(at int64) (number int64, counts bool) {
	slide, offset := at/f.slide, at%f.slide
	rest := f.rest()
	switch {
	case rest == 0:
		return slide, true
	case offset < rest:
		return 2 * slide, true
	}
	return 2*slide + 1, f.length > f.slide
}

// ringSize is how many panes a ring keeps: those of one window, and those of one
// more slide for values that come after the end of the window and before its
// result was asked for.
func (f frame) ringSize() int64 { return f.panes() + f.stride() }

// summary is what a pane keeps of its values. What first and second are is the
// aggregate's business.
type summary struct {
	count         int64
	first, second float64
}

// aggregate is one of the four functions over a window.
type aggregate interface {
	// add takes one value into a summary, which may be empty.
	add(s *summary, x float64)
	// merge takes the values of one summary into another; neither is empty.
	merge(into *summary, from summary)
	// result is the outcome of a summary that is not empty.
	result(s summary) float64
}

// window is the state of min, max, mean and standardDeviation.
type window struct {
	frame
	fold    aggregate
	numeric func(float64) wire.Value // makes a value of a result

	start  int64 // of the frame, milliseconds since the epoch
	number int64 // of the oldest window that has not ended
	ring   []summary
	filled int // panes that have values

	// late is the result of a window that ended so long ago that the ring
	// needed its room; lateEnd is that window's end.
	late    wire.Value
	lateEnd int64
}

// deadline is when expire has something to do: at the end of the oldest window,
// or at once when a result is late.
func (w *window) deadline() int64 {
	if !w.late.IsZero() {
		return w.lateEnd
	}
	return w.end()
}

// end of the oldest window.
func (w *window) end() int64 { return w.start + w.number*w.slide + w.length }

// waits tells whether there are values, so that the deadline means something.
func (w *window) waits() bool { return w.filled > 0 || !w.late.IsZero() }

func (w *window) first() int64 { return w.number * w.stride() }

func (w *window) at(pane int64) *summary { return &w.ring[pane%int64(len(w.ring))] }

// apply adds a value. It never lets one pass.
func (w *window) apply(_ *Engine, at int64, v wire.Value) (wire.Value, bool, error) {
	x, ok := v.AsNumber()
	if !ok {
		return wire.Value{}, false, ErrNotNumeric
	}
	w.add(at, x)
	return wire.Value{}, false, nil
}

func (w *window) add(at int64, x float64) {
	pane, counts := w.pane(max(at-w.start, 0))
	if !counts {
		return
	}
	if w.ring == nil {
		w.ring = make([]summary, w.ringSize())
	}
	if w.filled == 0 || pane >= w.first()+int64(len(w.ring)) {
		w.catchUp(at)
	}
	// A clock that was set back must not move a value out of every window.
	s := w.at(max(pane, w.first()))
	if s.count == 0 {
		w.filled++
	}
	w.fold.add(s, x)
	s.count++
}

// catchUp makes room for a value at a time beyond the ring: windows that ended
// before it are closed, and the last result of them is kept.
func (w *window) catchUp(at int64) {
	for w.end() <= at {
		end := w.end()
		if result, ok := w.close(at); ok {
			w.late, w.lateEnd = result, end
		}
	}
}

// expire gives the result of the oldest window if it ended at or before now,
// the end of that window, and advances to the next window. Windows without
// values are passed over.
func (w *window) expire(now int64) (result wire.Value, end int64, ok bool) {
	if !w.late.IsZero() {
		result, end = w.late, w.lateEnd
		w.late = wire.Value{}
		return result, end, true
	}
	for w.end() <= now {
		end = w.end()
		if result, ok = w.close(now); ok {
			return result, end, true
		}
	}
	return wire.Value{}, 0, false
}

// close takes the result of the oldest window and makes the next one the
// oldest; when nothing is left in the ring, the first one that ends after now.
func (w *window) close(now int64) (wire.Value, bool) {
	total := w.collect(w.panes())
	if w.filled > 0 {
		w.drop(w.stride())
	}
	w.number++
	if late := now - w.end(); w.filled == 0 && late >= 0 {
		w.number += late/w.slide + 1
	}
	if total.count == 0 {
		return wire.Value{}, false
	}
	return w.numeric(w.fold.result(total)), true
}

// collect sums up panes, from the first one of the oldest window on.
func (w *window) collect(panes int64) summary {
	var total summary
	if w.filled == 0 {
		return total
	}
	for i := range panes {
		s := *w.at(w.first() + i)
		switch {
		case s.count == 0:
			continue
		case total.count == 0:
			total = s
			continue
		}
		w.fold.merge(&total, s)
		total.count += s.count
	}
	return total
}

func (w *window) drop(panes int64) {
	for i := range panes {
		s := w.at(w.first() + i)
		if s.count > 0 {
			w.filled--
		}
		*s = summary{}
	}
}

// flush gives the result of the windows that have not ended, as if one window
// held all their values, and forgets them. expire comes first.
func (w *window) flush() (wire.Value, bool) {
	total := w.collect(int64(len(w.ring)))
	clear(w.ring)
	w.filled = 0
	if total.count == 0 {
		return wire.Value{}, false
	}
	return w.numeric(w.fold.result(total)), true
}
