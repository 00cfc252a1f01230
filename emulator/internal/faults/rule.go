package faults

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is what goes wrong.
type Kind string

// The kinds of faults.
const (
	Status       Kind = "status"        // the call is refused with a status; nothing is done
	Latency      Kind = "latency"       // the call is carried out late
	Reset        Kind = "reset"         // the connection is cut; nothing is done
	Truncate     Kind = "truncate"      // the call is carried out, its answer ends in the middle
	LostAnswer   Kind = "lost-answer"   // the call is carried out, then the connection is cut in place of the answer
	Repeat       Kind = "repeat"        // the call is carried out twice, as by a proxy that tries again; the second answer is given
	Redeliver    Kind = "redeliver"     // the requests in an answer are delivered again later, too
	Skew         Kind = "skew"          // the server's clock differs
	ExpiredToken Kind = "expired-token" // the token does not count any more
	Short        Kind = "short"         // the call is carried out, its answer has no length and ends in the middle as if that were all
	Page         Kind = "page"          // nothing is done; a web page is the answer, with a status of success
	ETag         Kind = "etag"          // the call is carried out, the ETag of its answer is another one
	Changed      Kind = "changed"       // the call is carried out, then somebody else changes the storage object
)

// passes tells whether a call goes on to other faults.
func (k Kind) passes() bool { return k == Latency || k == Skew || k == Redeliver || k == Changed }

// Kinds are all kinds, in the order of their descriptions.
var Kinds = [...]Kind{Status, Latency, Reset, Truncate, LostAnswer, Repeat, Redeliver, Skew, ExpiredToken, Short, Page, ETag, Changed}

// Tags are what an ETag may be made into: of other content, in quotes, in upper case, or left out.
var Tags = [...]string{"wrong", "quoted", "upper", "absent"}

// Rule says which fault meets which calls. The zero value of a condition is that of every call.
type Rule struct {
	Kind Kind

	Code       int           // of Status: 400 to 599
	RetryAfter time.Duration // of Status: whole seconds in the header Retry-After; 0 for no header
	Delay      time.Duration // of Latency: 1 ms to 10 minutes
	Offset     time.Duration // of Skew: how far the server's clock is ahead; at most 10 years either way
	After      int64         // of Reset, Status and ExpiredToken: when so many bytes of content have passed; 0 for the usual place
	Tag        string        // of ETag: wrong, quoted, upper or absent

	Method string // of the call, such as POST
	Route  string // path behind the root of the API, such as messages, or of a call of the object store, v1/…; * stands for any text
	Device string // endpoint id of the caller; before its activation the hardware id

	// Of the calls that fit, Nth picks one, counted from 1; Every picks each n-th; Chance picks by chance, from above 0 to 1; Seed is where
	// that chance begins. Times is how often the fault happens at most. Nth, Every and Chance exclude each other.
	Nth, Every int
	Chance     float64
	Seed       uint64
	Times      int
}

// ErrRule is wrapped by the errors about a rule.
var ErrRule = errors.New("faults: bad rule")

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrRule, fmt.Errorf(format, args...))
}

// Bounds of a rule.
const (
	maxDelay  = 10 * time.Minute
	maxOffset = 10 * 365 * 24 * time.Hour
	maxRetry  = 24 * time.Hour
	maxAfter  = 1 << 40 // bytes
	maxText   = 1000    // bytes
)

// Check tells what is wrong with a rule.
func (r Rule) Check() error {
	if !slices.Contains(Kinds[:], r.Kind) {
		return bad("%.40q is no fault; there are %s", r.Kind, kindList())
	}
	if err := r.checkParameters(); err != nil {
		return err
	}
	picks := 0
	for _, set := range []bool{r.Nth != 0, r.Every != 0, r.Chance != 0} {
		if set {
			picks++
		}
	}
	switch {
	case picks > 1:
		return bad("nth, every and p exclude each other")
	case r.Nth < 0 || r.Every < 0 || r.Times < 0:
		return bad("nth, every and times are counted from 1")
	case !(r.Chance >= 0 && r.Chance <= 1):
		return bad("p=%v is no probability", r.Chance)
	case r.Seed != 0 && r.Chance == 0:
		return bad("seed goes with p")
	}
	for _, text := range []string{r.Method, r.Route, r.Device} {
		if strings.ContainsFunc(text, func(c rune) bool { return c == ',' || c <= ' ' || c == 0xFFFD || c == 0x7F }) || len(text) > maxText {
			return bad("%.40q has a comma, a blank or a control character in it, or is too long", text)
		}
	}
	return nil
}

func (r Rule) checkParameters() error {
	switch {
	case r.Code != 0 && r.Kind != Status, r.RetryAfter != 0 && r.Kind != Status, r.Delay != 0 && r.Kind != Latency, r.Offset != 0 && r.Kind != Skew,
		r.After != 0 && r.Kind != Reset && r.Kind != Status && r.Kind != ExpiredToken, r.Tag != "" && r.Kind != ETag:
		return bad("%s does not take a parameter of another fault", r.Kind)
	case r.Kind == Status && (r.Code < 400 || r.Code > 599):
		return bad("status %d is not between 400 and 599", r.Code)
	case r.RetryAfter < 0 || r.RetryAfter > maxRetry:
		return bad("retry-after %v is not between 0 and %v", r.RetryAfter, maxRetry)
	case r.Kind == Latency && (r.Delay < time.Millisecond || r.Delay > maxDelay):
		return bad("latency %v is not between 1ms and %v", r.Delay, maxDelay)
	case r.After < 0 || r.After > maxAfter:
		return bad("after %d is not between 1 and %d", r.After, int64(maxAfter))
	case r.Kind == ETag && !slices.Contains(Tags[:], r.Tag):
		return bad("etag %.40q is none of %s", r.Tag, strings.Join(Tags[:], ", "))
	case r.Kind == Skew && (r.Offset == 0 || r.Offset < -maxOffset || r.Offset > maxOffset):
		return bad("skew %v is 0 or more than %v", r.Offset, maxOffset)
	}
	return nil
}

func kindList() string {
	names := make([]string, len(Kinds))
	for i, kind := range Kinds {
		names[i] = string(kind)
	}
	return strings.Join(names, ", ")
}

// Call is what a rule looks at.
type Call struct {
	Method  string
	Route   string   // path behind the root
	Callers []string // the names that the caller goes by: endpoint id, hardware id
	Token   bool     // the caller has a token
	Polls   bool     // the answer may hold requests to the caller
	Object  bool     // it is about a storage object
}

func (r *Rule) fits(c *Call) bool {
	return (r.Method == "" || strings.EqualFold(r.Method, c.Method)) &&
		(r.Route == "" || like(c.Route, strings.Split(r.Route, "*"))) &&
		(r.Device == "" || slices.Contains(c.Callers, r.Device)) &&
		(r.Kind != ExpiredToken || c.Token) && (r.Kind != Redeliver || c.Polls) &&
		(r.Kind != ETag && r.Kind != Changed || c.Object) && (r.Kind != Repeat || !c.Object)
}

// like tells whether the text begins with the first part, ends with the last one, and has the others between them in their order.
func like(text string, parts []string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return text == first
	}
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return true
}
