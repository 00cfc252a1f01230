package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A look-up that brings a newer copy of a policy brings it to every device that
// has the policy, wherever they had theirs from.
func TestLookUpBringsNewerCopy(t *testing.T) {
	for name, stored := range map[string]bool{"looked up before": false, "from the store": true} {
		t.Run(name, func(t *testing.T) {
			store := DirStore{t.TempDir()}
			f := newFleet(t, true, store, "ICD-1")
			f.server.assigned["ICD-1"], f.server.assigned["ICD-2"] = "P1", "P1"
			f.lookUp(0)
			if stored {
				f.start(true, store, "ICD-1")
			}
			f.want("ICD-1", "P1 1")
			f.server.policies["P1"] = policyText("P1", 2000, "5")
			f.devices["ICD-2"] = &testTarget{}
			f.manager.Attach(f.model, "ICD-2", f.devices["ICD-2"])
			f.lookUp(1)
			f.want("ICD-1", "P1 5")
			f.want("ICD-2", "P1 5")
			f.server.questions()
			f.change(2, "changed", "P1", 2000) // the notice of it: nothing is new
			f.wantAsked("P1")
			f.want("ICD-1")
			f.want("ICD-2")
		})
	}
}

// A program that starts without the server asks about the policies of the store
// until it has an answer.
func TestConfirmRetries(t *testing.T) {
	store := DirStore{t.TempDir()}
	f := newFleet(t, false, store, "E1")
	f.server.assigned["E1"] = "P1"
	f.lookUp(0)
	f.server.questions()
	f.server.down = errors.New("no route")
	f.start(false, store, "E1")
	f.want("E1", "P1 1")
	now, delay := 0, 1000
	for range 12 {
		if at, ok := f.manager.NextLookUp(); now > 0 && (!ok || at.UnixMilli() != int64(now)) {
			t.Errorf("next question at %v, %v, want %d", at.UnixMilli(), ok, now)
		}
		f.lookUp(now)
		f.wantAsked("P1")
		f.lookUp(now + delay - 1)
		f.wantAsked()
		now += delay
		delay = min(2*delay, 300_000)
	}
	f.server.down = nil
	f.server.policies["P1"] = policyText("P1", 2000, "5")
	f.lookUp(now)
	f.wantAsked("P1")
	f.want("E1", "P1 5")
	if _, ok := f.manager.NextLookUp(); ok || len(f.reports) != 12 {
		t.Errorf("due %v, %d reports", ok, len(f.reports))
	}
}

// What the server says about a policy of the store other than a newer copy of it.
func TestConfirm(t *testing.T) {
	for name, c := range map[string]struct {
		document string // "": the server does not have the policy
		assigned string
		want     []string
		asked    []string
		report   error
	}{
		"the same":         {policyText("P1", 1000, "1"), "P1", nil, []string{"P1"}, nil},
		"an older one":     {policyText("P1", 999, "0"), "P1", nil, []string{"P1"}, nil},
		"removed":          {"", "", []string{"none"}, []string{"P1", "of E1"}, nil},
		"another instead":  {"", "P2", []string{"P2 2"}, []string{"P1", "of E1"}, nil},
		"another document": {policyText("P2", 2000, "2"), "P1", nil, []string{"P1"}, ErrAnswer},
		"no policy":        {`{"id":"P1"}`, "P1", nil, []string{"P1"}, ErrMissing},
	} {
		t.Run(name, func(t *testing.T) {
			store := DirStore{t.TempDir()}
			f := newFleet(t, false, store, "E1")
			f.server.assigned["E1"] = "P1"
			f.lookUp(0)
			f.start(false, store, "E1")
			f.want("E1", "P1 1")
			f.server.questions()
			f.server.policies["P1"], f.server.assigned["E1"] = c.document, c.assigned
			f.lookUp(0)
			f.lookUp(0)
			f.want("E1", c.want...)
			f.wantAsked(c.asked...)
			if c.report == nil && len(f.reports) > 0 || c.report != nil && (len(f.reports) != 1 || !errors.Is(f.reports[0], c.report)) {
				t.Errorf("reports %v, want %v", f.reports, c.report)
			}
			if _, ok := f.manager.NextLookUp(); ok {
				t.Error("something is due still")
			}
		})
	}
}

// A policy that could not be read is looked up again when it was changed.
func TestUnusableIsMended(t *testing.T) {
	for name, c := range map[string]struct {
		require bool
		told    []string
	}{
		"counts as none":       {false, []string{"none"}},
		"when one is required": {true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, false, nil)
			f.manager.config.Require = c.require
			f.devices["E1"] = &testTarget{}
			f.manager.Attach(f.model, "E1", f.devices["E1"])
			f.server.assigned["E1"], f.server.policies["P1"] = "P1", `{"id":"P1"}`
			f.lookUp(0)
			f.want("E1", c.told...)
			f.lookUp(1_000_000)
			f.wantAsked("of E1")
			f.server.policies["P1"] = policyText("P1", 2000, "5")
			f.change(1_000_000, "changed", "P1", 2000)
			f.lookUp(1_000_000)
			f.wantAsked("of E1")
			f.want("E1", "P1 5")
			f.change(1_000_001, "changed", "P9", 2000) // not ours: nothing is looked up
			f.lookUp(1_000_001)
			f.wantAsked()
		})
	}
}

// A virtual device and the messages that the application makes itself for the
// same device are told each.
func TestTwoTargetsOfADevice(t *testing.T) {
	f := newFleet(t, false, nil, "E1")
	f.server.assigned["E1"] = "P1"
	second := &testTarget{}
	f.devices["messages"] = second
	f.manager.Attach(f.model, "E1", second)
	f.lookUp(0)
	f.want("E1", "P1 1")
	f.want("messages", "P1 1")
	f.change(1, "assigned", "P2", 1000)
	f.want("E1", "P2 2")
	f.want("messages", "P2 2")
	f.manager.Detach(second)
	f.change(2, "unassigned", "P2", 1000)
	f.want("E1", "none")
	f.want("messages")
}

// A document that is too long is no answer, whoever says so: the server is asked
// again.
func TestLookUpTooLarge(t *testing.T) {
	f := newFleet(t, false, nil, "E1")
	long := policyText("P1", 1000, "1")
	long += strings.Repeat(" ", MaxDocument-len(long)-len(`{"items":[]}`))
	f.server.assigned["E1"], f.server.policies["P1"] = "P1", long+" "
	f.lookUp(0)
	f.want("E1")
	if len(f.reports) != 1 || !errors.Is(f.reports[0], ErrTooLarge) {
		t.Errorf("reports %v", f.reports)
	}
	f.server.policies["P1"] = long
	f.lookUp(1000)
	f.want("E1", "P1 1")
}

// pages answers with one device on each page.
type pages struct {
	devices []string
	endless bool
	asked   int
}

func (p *pages) Get(_ context.Context, path string) (int, []byte, error) {
	_, offset, _ := strings.Cut(path, "&fields=id&offset=")
	at := 0
	if _, err := fmt.Sscan(offset, &at); err != nil && offset != "" {
		return 400, nil, err
	}
	p.asked++
	if p.endless {
		at = 0
	}
	return 200, fmt.Appendf(nil, `{"items":[{"id":%q}],"hasMore":%v}`, p.devices[at], p.endless || at+1 < len(p.devices)), nil
}

// A server that lists the devices of a policy on several pages is read to the end,
// though not for ever.
func TestDevicesOnPages(t *testing.T) {
	p := &pages{devices: []string{"ICD-1", "ICD-2", "ICD-3"}}
	got, err := remote{p}.devices(t.Context(), "urn:x", "P1", "GW")
	if err != nil || !slices.Equal(got, p.devices) || p.asked != 3 {
		t.Errorf("%v, %v, asked %d times", got, err, p.asked)
	}
	p.asked, p.endless = 0, true
	if _, err := (remote{p}).devices(t.Context(), "urn:x", "P1", "GW"); !errors.Is(err, ErrAnswer) || p.asked != maxPages {
		t.Errorf("%v, asked %d times", err, p.asked)
	}
}
