package faults

import (
	"strconv"
	"strings"
	"time"
)

// Parse reads a rule: the fault, then conditions, separated by commas.
//
//	status=503,retry-after=2s,route=messages,p=0.02,seed=7
//	latency=1500ms,method=GET,every=3
//	reset,device=0-AB,nth=5
//	skew=-1h,times=1
//	reset,after=100000,method=PUT,route=v1/*
//
// The faults are status=CODE (with retry-after=DURATION), latency=DURATION, reset, truncate, lost-answer, repeat, redeliver,
// skew=DURATION, expired-token, short, page, etag=wrong|quoted|upper|absent and changed; after=BYTES goes with reset, status and
// expired-token; the conditions method, route, device, nth, every, p, seed and times. The error wraps [ErrRule].
func Parse(text string) (Rule, error) {
	var r Rule
	if len(text) > 4*maxText {
		return r, bad("a rule of %d bytes", len(text))
	}
	seen := make(map[string]bool)
	for i, part := range strings.Split(text, ",") {
		name, value, has := strings.Cut(part, "=")
		if i == 0 {
			r.Kind = Kind(name)
		}
		if seen[name] {
			return r, bad("%.40q stands there twice", name)
		}
		seen[name] = true
		if i == 0 && !has {
			continue // Check tells when the fault is unknown or needs a value
		}
		if value == "" {
			return r, bad("%.40q has no value", name)
		}
		if err := r.set(i == 0, name, value); err != nil {
			return r, err
		}
	}
	return r, r.Check()
}

// set reads one value: the fault's own, or a condition.
func (r *Rule) set(first bool, name, value string) (err error) {
	switch name {
	case "status":
		r.Code, err = strconv.Atoi(value)
	case "latency":
		r.Delay, err = time.ParseDuration(value)
	case "skew":
		r.Offset, err = time.ParseDuration(value)
	case "etag":
		r.Tag = value
	case "after":
		r.After, err = strconv.ParseInt(value, 10, 64)
		if err == nil && r.After < 1 {
			return bad("after=%d is counted from 1", r.After)
		}
	case "retry-after":
		r.RetryAfter, err = time.ParseDuration(value)
	case "method":
		r.Method = value
	case "route":
		r.Route = value
	case "device":
		r.Device = value
	case "nth":
		r.Nth, err = count(value)
	case "every":
		r.Every, err = count(value)
	case "times":
		r.Times, err = count(value)
	case "p":
		if r.Chance, err = strconv.ParseFloat(value, 64); err == nil && r.Chance == 0 {
			return bad("p=0 never happens")
		}
	case "seed":
		r.Seed, err = strconv.ParseUint(value, 10, 64)
	default:
		if first {
			return bad("%.40q is no fault with a value; there are %s", name, kindList())
		}
		return bad("%.40q is no condition; there are method, route, device, nth, every, times, p, seed", name)
	}
	if err != nil {
		return bad("%s=%.40q cannot be read", name, value)
	}
	return nil
}

func count(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && n < 1 {
		return 0, strconv.ErrRange
	}
	return n, err
}

// String writes the rule so that [Parse] reads it.
func (r Rule) String() string {
	var b strings.Builder
	b.WriteString(string(r.Kind))
	switch r.Kind {
	case Status:
		b.WriteString("=" + strconv.Itoa(r.Code))
	case Latency:
		b.WriteString("=" + r.Delay.String())
	case Skew:
		b.WriteString("=" + r.Offset.String())
	case ETag:
		b.WriteString("=" + r.Tag)
	}
	add := func(name, value string, there bool) {
		if there {
			b.WriteString("," + name + "=" + value)
		}
	}
	add("retry-after", r.RetryAfter.String(), r.RetryAfter != 0)
	add("after", strconv.FormatInt(r.After, 10), r.After != 0)
	add("method", r.Method, r.Method != "")
	add("route", r.Route, r.Route != "")
	add("device", r.Device, r.Device != "")
	add("nth", strconv.Itoa(r.Nth), r.Nth != 0)
	add("every", strconv.Itoa(r.Every), r.Every != 0)
	add("p", strconv.FormatFloat(r.Chance, 'g', -1, 64), r.Chance != 0)
	add("seed", strconv.FormatUint(r.Seed, 10), r.Seed != 0)
	add("times", strconv.Itoa(r.Times), r.Times != 0)
	return b.String()
}
