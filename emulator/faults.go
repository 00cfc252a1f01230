package emulator

import (
	"errors"
	"net/http"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/faults"
)

// FaultKind is what goes wrong; see [Fault].
type FaultKind = faults.Kind

// The kinds of faults, as a client sees them.
const (
	FaultStatus       = faults.Status       // the call is refused with a status, and nothing is done
	FaultLatency      = faults.Latency      // the call is carried out late
	FaultReset        = faults.Reset        // the connection is cut, and nothing is done
	FaultTruncate     = faults.Truncate     // the call is carried out, its answer ends in the middle
	FaultLostAnswer   = faults.LostAnswer   // the call is carried out, then the connection is cut in place of the answer
	FaultRepeat       = faults.Repeat       // the call is carried out twice, as by a proxy that tries again; the second answer is given
	FaultRedeliver    = faults.Redeliver    // the requests in an answer are delivered again later, too; counts such answers only
	FaultSkew         = faults.Skew         // the server's clock differs, in the check of assertions and in what answers tell of the time
	FaultExpiredToken = faults.ExpiredToken // the token of the call does not count any more, as if it had expired
	FaultShort        = faults.Short        // the call is carried out, its answer has no length and ends in the middle, as if that were all
	FaultPage         = faults.Page         // nothing is done; a web page is the answer, with status 200, as of a network that wants a password
	FaultETag         = faults.ETag         // the call is carried out, the ETag of its answer is another one; counts calls about objects only
	FaultChanged      = faults.Changed      // the call is carried out, then somebody else changes the object; counts calls about objects only
)

// ErrFault is wrapped by the errors about a fault that makes no sense.
var ErrFault = faults.ErrRule

// Fault says what goes wrong with which calls of devices; those of people always work. A condition that is left at its zero value holds
// for every call.
type Fault struct {
	Kind FaultKind

	Code       int           // of [FaultStatus]: 400 to 599
	RetryAfter time.Duration // of [FaultStatus]: for the header Retry-After, in whole seconds, rounded up; 0 for no header; at most a day
	Delay      time.Duration // of [FaultLatency]: 1 ms to 10 minutes
	Offset     time.Duration // of [FaultSkew]: how far the server's clock is ahead; at most 10 years of 365 days either way

	// After moves [FaultReset], [FaultStatus] and [FaultExpiredToken] to where so many bytes have passed: of the body of the request, or, for
	// a reset of a call without one, of that of the answer. A body that is not that long comes through. At 0 a call is reset before anything
	// is done, and who uploads an object hears of a status or an expired token when everything was read.
	After int64
	Tag   string // of [FaultETag]: wrong, quoted, upper (case) or absent

	Method string // of the call, such as POST
	Route  string // path behind the root of the API, such as messages, or the whole one of an object: v1/…; * stands for any text
	Device string // endpoint id of the caller, or its hardware id

	Nth    int     // only the nth of the calls that fit, from 1
	Every  int     // each nth of them
	Chance float64 // with this probability, above 0 up to 1
	Seed   uint64  // of Chance: the same calls in the same order meet the same faults
	Times  int     // at most so often
}

// ParseFault reads a fault as the command line takes it: the fault, then conditions, separated by commas.
//
//	status=503,retry-after=2s,route=messages,p=0.02,seed=7
//	latency=1500ms,method=GET,every=3
//	reset,device=0-AB,nth=5
//	skew=-1h,times=1
//	reset,after=100000,method=PUT,route=v1/*
//	etag=wrong,method=GET
//
// The faults are status, latency, reset, truncate, lost-answer, repeat, redeliver, skew, expired-token, short, page, etag and changed;
// the conditions are method, route, device, nth, every, p, seed and times. The error wraps [ErrFault].
func ParseFault(text string) (Fault, error) {
	rule, err := faults.Parse(text)
	return Fault(rule), err
}

// String writes the fault as [ParseFault] reads it.
func (f Fault) String() string { return faults.Rule(f).String() }

// FaultReport is a fault and what it did so far.
type FaultReport struct {
	ID    int // of [Server.RemoveFault]
	Fault Fault
	Calls int64 // that fit the conditions, the count and chance left aside
	Fired int64 // those that the fault met
}

func faultReportOf(a faults.Active) FaultReport {
	return FaultReport{a.ID, Fault(a.Rule), a.Calls, a.Fired}
}

// WithFaults makes things go wrong from the start; see [Server.AddFault].
func WithFaults(all ...Fault) Option {
	return func(c *config) error {
		for _, fault := range all {
			if err := faults.Rule(fault).Check(); err != nil {
				return err
			}
		}
		c.faults = append(c.faults, all...)
		return nil
	}
}

// AddFault makes something go wrong from now on and gives the id of the fault. Of several faults all that delay a call, change its clock
// or an object, or redeliver requests meet it, and the first of the others, in the order of their addition. A fault ends with
// the server; it is not kept with the data. AddFault fails with [ErrFault], or when there are 1,000 faults already.
func (s *Server) AddFault(f Fault) (id int, err error) {
	if id, err = s.faults.Add(faults.Rule(f)); err == nil {
		s.log.Info("fault added", "id", id, "fault", f.String())
	}
	return id, err
}

// RemoveFault ends a fault. It fails with a [*Problem] of status 404.
func (s *Server) RemoveFault(id int) error {
	if err := s.faults.Remove(id); err != nil {
		return problem(http.StatusNotFound, "there is no fault %d", id)
	}
	return nil
}

// ClearFaults ends all faults. Access tokens that expired by one stay expired.
func (s *Server) ClearFaults() { s.faults.Clear() }

// Faults gives the faults and what they did so far, in the order of their addition.
func (s *Server) Faults() []FaultReport {
	all := s.faults.All()
	reports := make([]FaultReport, len(all))
	for i, a := range all {
		reports[i] = faultReportOf(a)
	}
	return reports
}

// faultProblem words an error of the set.
func faultProblem(err error) error {
	switch {
	case errors.Is(err, faults.ErrRule):
		return &Problem{Status: http.StatusBadRequest, Detail: err.Error(), cause: err}
	case errors.Is(err, faults.ErrFull):
		return &Problem{Status: http.StatusServiceUnavailable, Detail: err.Error(), cause: err}
	}
	return err
}
