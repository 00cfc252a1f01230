package policy

// repeat is what the two duplicate functions remember: the last value and the
// end of its window, in milliseconds since the epoch.
type repeat struct {
	last value
	end  int64
}

// eliminate is eliminateDuplicates: a value equal to the last one is dropped
// while the window runs. At the end of the window a duplicate is dropped as well
// and the window begins anew (docs/protocol/policies.md §8.2).
type eliminate struct {
	window int64
	repeat
}

func (d *eliminate) apply(_ *Engine, at int64, v value) (value, bool, error) {
	repeats := !d.last.IsZero() && same(v, d.last)
	duplicate := repeats && at <= d.end
	d.last = v
	if !repeats || d.end <= at {
		d.end = at + d.window
	}
	return v, !duplicate, nil
}

// detect is detectDuplicates: every value passes, and the first duplicate in a
// window raises an alert (docs/protocol/policies.md §8.3).
type detect struct {
	window int64
	alert  *alertPlan
	repeat
	raised bool
}

func (d *detect) apply(e *Engine, at int64, v value) (value, bool, error) {
	repeats := !d.last.IsZero() && same(v, d.last)
	d.last = v
	if !repeats || d.end <= at {
		d.end = at + d.window
		d.raised = false
	}
	if !repeats || d.raised {
		return v, true, nil
	}
	d.raised = true
	return v, true, d.alert.raise(e)
}
