package faults_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/faults"
)

func Example() {
	rule, err := faults.Parse("status=503,retry-after=2s,route=messages,every=2")
	if err != nil {
		fmt.Println(err)
		return
	}
	var set faults.Set
	if _, err := set.Add(rule); err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		fmt.Println(len(set.Meet(&faults.Call{Method: "POST", Route: "messages"})))
	}
	fmt.Println(set.All()[0].Calls, set.All()[0].Fired)
	// Output:
	// 0
	// 1
	// 0
	// 3 1
}

func TestParse(t *testing.T) {
	tests := []struct {
		text string
		want faults.Rule
	}{
		{"status=503", faults.Rule{Kind: faults.Status, Code: 503}},
		{"status=429,retry-after=1m0s,route=messages,p=0.02,seed=7", faults.Rule{Kind: faults.Status, Code: 429, RetryAfter: time.Minute, Route: "messages", Chance: 0.02, Seed: 7}},
		{"latency=1.5s,method=GET,every=3", faults.Rule{Kind: faults.Latency, Delay: 1500 * time.Millisecond, Method: "GET", Every: 3}},
		{"reset,device=0-AB,nth=5", faults.Rule{Kind: faults.Reset, Device: "0-AB", Nth: 5}},
		{"truncate,route=*/devicePolicies*", faults.Rule{Kind: faults.Truncate, Route: "*/devicePolicies*"}},
		{"lost-answer,p=1,times=3", faults.Rule{Kind: faults.LostAnswer, Chance: 1, Times: 3}},
		{"repeat", faults.Rule{Kind: faults.Repeat}},
		{"redeliver", faults.Rule{Kind: faults.Redeliver}},
		{"skew=-1h0m0s", faults.Rule{Kind: faults.Skew, Offset: -time.Hour}},
		{"expired-token,nth=1", faults.Rule{Kind: faults.ExpiredToken, Nth: 1}},
		{"expired-token,after=1", faults.Rule{Kind: faults.ExpiredToken, After: 1}},
		{"reset,after=100000,method=PUT,route=v1/*", faults.Rule{Kind: faults.Reset, After: 100_000, Method: "PUT", Route: "v1/*"}},
		{"status=503,retry-after=1s,after=7", faults.Rule{Kind: faults.Status, Code: 503, RetryAfter: time.Second, After: 7}},
		{"short", faults.Rule{Kind: faults.Short}},
		{"page,times=1", faults.Rule{Kind: faults.Page, Times: 1}},
		{"etag=quoted,nth=2", faults.Rule{Kind: faults.ETag, Tag: "quoted", Nth: 2}},
		{"changed,method=HEAD", faults.Rule{Kind: faults.Changed, Method: "HEAD"}},
	}
	for _, tc := range tests {
		got, err := faults.Parse(tc.text)
		if err != nil || got != tc.want {
			t.Errorf("%s: %+v, %v", tc.text, got, err)
		}
		if got.String() != tc.text {
			t.Errorf("%s is written as %s", tc.text, got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "no fault",
		"boom":                                  "there are status, latency",
		"boom=1":                                "no fault",
		"status":                                "status 0",
		"status=":                               "no value",
		"status=200":                            "between 400 and 599",
		"status=x":                              "cannot be read",
		"status=503,":                           "no value",
		"status=503,status=504":                 "twice",
		"status=503,retry-after=-1s":            "retry-after",
		"status=503,retry-after=25h":            "retry-after",
		"reset,status=503":                      "another fault",
		"reset,retry-after=2s":                  "another fault",
		"reset,latency=2s":                      "another fault",
		"reset,skew=2s":                         "another fault",
		"latency=0s":                            "latency",
		"latency=11m":                           "latency",
		"skew=0s":                               "skew",
		"skew=100000h":                          "skew",
		"reset,nth=0":                           "cannot be read",
		"reset,nth=-1":                          "cannot be read",
		"reset,nth=1,p=0.5":                     "exclude",
		"reset,every=2,nth=1":                   "exclude",
		"reset,p=0":                             "never",
		"reset,p=1.1":                           "probability",
		"reset,p=NaN":                           "probability",
		"reset,seed=4":                          "seed goes with p",
		"reset,after=0":                         "counted from 1",
		"reset,after=-1":                        "counted from 1",
		"reset,after=2000000000000":             "after",
		"reset,after=all":                       "cannot be read",
		"latency=1s,after=1":                    "another fault",
		"page,etag=wrong":                       "another fault",
		"etag":                                  "none of",
		"etag=red":                              "wrong, quoted, upper, absent",
		"reset,colour=red":                      "no condition",
		"reset,reset=1":                         "twice",
		"reset,route=a b":                       "blank",
		"reset,device=a\x00":                    "control",
		"reset,route=" + long(1001):             "too long",
		"reset,route=" + long(5000):             "bytes",
		"route=messages":                        "no fault",
		"reset=1":                               "no fault",
		"reset, nth=1":                          "no condition",
		"reset,p=0.5,seed=99999999999999999999": "cannot be read",
	} {
		_, err := faults.Parse(text)
		if !errors.Is(err, faults.ErrRule) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func long(n int) string { return strings.Repeat("x", n) }

func TestConditions(t *testing.T) {
	call := faults.Call{Method: "GET", Route: "deviceModels/urn:a/devicePolicies", Callers: []string{"0-AB", "sensor-1"}}
	tests := []struct {
		rule string
		fits bool
	}{
		{"reset", true},
		{"reset,method=get", true},
		{"reset,method=POST", false},
		{"reset,route=deviceModels/urn:a/devicePolicies", true},
		{"reset,route=deviceModels", false},
		{"reset,route=deviceModels*", true},
		{"reset,route=*Policies", true},
		{"reset,route=device*/urn:*/*", true},
		{"reset,route=device*/fan/*", false},
		{"reset,route=*devicePolicies*devicePolicies", false},
		{"reset,route=*", true},
		{"reset,device=0-AB", true},
		{"reset,device=sensor-1", true},
		{"reset,device=sensor", false},
		{"expired-token", false},
		{"redeliver", false},
		{"etag=wrong", false},
		{"changed", false},
		{"repeat", true},
	}
	for _, tc := range tests {
		var set faults.Set
		rule, err := faults.Parse(tc.rule)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := set.Add(rule); err != nil {
			t.Fatal(err)
		}
		if got := len(set.Meet(&call)) == 1; got != tc.fits {
			t.Errorf("%s: %v", tc.rule, got)
		}
	}
}

// fired spells which of n calls meet the rule.
func fired(t testing.TB, text string, n int) string {
	t.Helper()
	rule, err := faults.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var set faults.Set
	if _, err := set.Add(rule); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for range n {
		b.WriteByte(".x"[len(set.Meet(&faults.Call{}))])
	}
	all := set.All()[0]
	if all.Calls != int64(n) || all.Fired != int64(strings.Count(b.String(), "x")) {
		t.Errorf("%s: counted %d of %d", text, all.Fired, all.Calls)
	}
	return b.String()
}

func TestPicks(t *testing.T) {
	for text, want := range map[string]string{
		"reset":                 "xxxxxxxx",
		"reset,times=2":         "xx......",
		"reset,nth=3":           "..x.....",
		"reset,every=3":         "..x..x..",
		"reset,every=3,times=1": "..x.....",
		"reset,p=1":             "xxxxxxxx",
	} {
		if got := fired(t, text, len(want)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	first, again, other := fired(t, "reset,p=0.25,seed=7", 1000), fired(t, "reset,p=0.25,seed=7", 1000), fired(t, "reset,p=0.25,seed=8", 1000)
	if first != again || first == other {
		t.Error("chance is not that of the seed")
	}
	if n := strings.Count(first, "x"); n < 200 || n > 300 {
		t.Errorf("%d of 1000 with p=0.25", n)
	}
}

func TestSeveralRules(t *testing.T) {
	var set faults.Set
	for _, text := range []string{"latency=1s", "skew=1s", "redeliver", "reset,every=2", "truncate", "repeat"} {
		rule, err := faults.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := set.Add(rule); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for range 2 {
		for _, met := range set.Meet(&faults.Call{Polls: true}) {
			got = append(got, string(met.Rule.Kind))
		}
		got = append(got, "|")
	}
	if want := "latency skew redeliver truncate | latency skew redeliver reset |"; strings.Join(got, " ") != want {
		t.Errorf("%s, want %s", got, want)
	}
	calls := ""
	for _, a := range set.All() {
		calls += fmt.Sprint(a.Calls, "/", a.Fired, " ")
	}
	if calls != "2/2 2/2 0/0 2/1 1/1 0/0 " {
		t.Errorf("counted %s", calls)
	}
	if !set.Happens(3) || set.Happens(99) || set.All()[2].Fired != 1 {
		t.Error("a rule that was put off")
	}
}

func TestSetOfRules(t *testing.T) {
	var set faults.Set
	if !set.Empty() || set.ByDevice() {
		t.Error("a new set is not empty")
	}
	if _, err := set.Add(faults.Rule{}); !errors.Is(err, faults.ErrRule) {
		t.Errorf("the empty rule: %v", err)
	}
	for i := range faults.MaxRules {
		if id, err := set.Add(faults.Rule{Kind: faults.Reset, Device: "d"}); err != nil || id != i+1 {
			t.Fatal(id, err)
		}
	}
	if _, err := set.Add(faults.Rule{Kind: faults.Reset}); !errors.Is(err, faults.ErrFull) || !set.ByDevice() || set.Empty() {
		t.Errorf("one too many: %v", err)
	}
	if err := errors.Join(set.Remove(5), set.Remove(1000)); err != nil || len(set.All()) != faults.MaxRules-2 {
		t.Errorf("%v, %d left", err, len(set.All()))
	}
	if err := set.Remove(5); !errors.Is(err, faults.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	set.Clear()
	if id, err := set.Add(faults.Rule{Kind: faults.Reset}); err != nil || id != faults.MaxRules+1 || set.ByDevice() {
		t.Errorf("id %d after all were removed, %v", id, err)
	}
}

func TestRevoked(t *testing.T) {
	var set faults.Set
	if set.Revoked("") {
		t.Error("no token is revoked at first")
	}
	for i := range 10_100 {
		set.Revoke(fmt.Sprint(i))
	}
	if set.Revoked("99") || !set.Revoked("100") || !set.Revoked("10099") {
		t.Error("the newest 10,000 count")
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"status=503,retry-after=2s,route=messages,p=0.02,seed=7", "latency=1500ms,method=GET,every=3", "reset,device=0-AB,nth=5",
		"skew=-1h,times=1", "truncate,route=a*b**", "expired-token", "p=0x1p-2", "reset,p=1e-320", "", ",", "=", "reset,p=NaN",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rule, err := faults.Parse(text)
		if err != nil {
			if !errors.Is(err, faults.ErrRule) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		again, err := faults.Parse(rule.String())
		if err != nil || again != rule {
			t.Errorf("%q is written as %q, which is read as %+v, %v", text, rule, again, err)
		}
		var set faults.Set
		if _, err := set.Add(rule); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		set.Meet(&faults.Call{Method: "GET", Route: text, Callers: []string{text}, Token: true, Polls: true})
	})
}

func BenchmarkMeet(b *testing.B) {
	var set faults.Set
	for _, text := range []string{"status=503,p=0.02,route=messages", "reset,device=0-AB,p=0.01", "latency=1s,route=activation*"} {
		rule, err := faults.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := set.Add(rule); err != nil {
			b.Fatal(err)
		}
	}
	call := faults.Call{Method: "POST", Route: "messages", Callers: []string{"0-CD"}}
	b.ReportAllocs()
	for b.Loop() {
		set.Meet(&call)
	}
}

// Some faults hold for calls about storage objects only, one for all others.
func TestObjectConditions(t *testing.T) {
	call := faults.Call{Method: "PUT", Route: "v1/Storage-dev/iot-container/0-AB/snap.jpg", Token: true, Object: true}
	for text, fits := range map[string]bool{
		"etag=wrong": true, "changed": true, "short": true, "reset,after=5": true, "expired-token": true, "repeat": false, "redeliver": false,
		"reset,route=v1/*/0-AB/*": true, "reset,route=messages": false,
	} {
		var set faults.Set
		rule, err := faults.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := set.Add(rule); err != nil {
			t.Fatal(err)
		}
		if got := len(set.Meet(&call)) == 1; got != fits {
			t.Errorf("%s: %v", text, got)
		}
	}
}
