package policy

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// FuzzPolicy reads documents and puts a few values through what they build.
// Nothing may panic, errors are typed, and nothing is sent that a host refuses.
func FuzzPolicy(f *testing.F) {
	for _, steps := range [][]string{
		threeFunctions(),
		{function("mean", `"window":1000,"slide":300`), function("max", `"window":5000`)},
		{function("detectDuplicates", `"window":10,"alert":{"urn":"urn:test:pump:hot","severity":"low","fields":{"temp":"$(temp)","text":5}}`)},
		{function("actionCondition", `"condition":"$(temp) > 1","action":{"name":"speed","arguments":["$(temp)"]}`)},
		{function("privacyPolicy", `"level":"two-way","hashingKey":"k"`), function("sampleQuality", `"rate":"random"`)},
	} {
		f.Add([]byte(document("temp", steps...)), 1.5, int64(1000))
	}
	for _, step := range []string{function("batchBySize", `"batchSize":2`), function("batchByTime", `"delayLimit":500`), function("batchByCost", ``)} {
		f.Add([]byte(document("*", step)), -1.0, int64(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, x float64, step int64) {
		p, err := Parse(data)
		if err != nil {
			var fault *DocumentError
			if !errors.As(err, &fault) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("error %T %v", err, err)
			}
			return
		}
		m := testModel()
		plan, problems := Compile(p, m)
		for _, problem := range problems {
			if problem.Pointer == "" || problem.Error() == "" {
				t.Errorf("problem %+v", problem)
			}
		}
		host := newTestHost(t, m)
		e := plan.Start(host, "E1", 0)
		now := int64(0)
		for i := range 20 {
			if step > 0 && step < 1e15 {
				now += step
			}
			_ = e.Offer(now, DefaultHead(), Item{i % 2, wire.NumberValue(x * float64(i))})
			if deadline, ok := e.NextDeadline(); ok && deadline <= now {
				e.Expire(now)
			}
		}
		if err := e.Stop(now); err != nil && e.holds() {
			t.Errorf("stop: %v", err)
		}
		for _, sent := range host.sent {
			if _, err := wire.DecodeMessage(sent.JSON); err != nil {
				t.Errorf("message %s: %v", sent.JSON, err)
			}
		}
	})
}

// fuzzStore gives associations and keeps nothing.
type fuzzStore struct {
	noStore
	associations Associations
}

func (s fuzzStore) Associations() (Associations, error) { return s.associations, nil }

// FuzzChange reads what may stand in the body of a change request, with what may
// stand in a file of associations.
func FuzzChange(f *testing.F) {
	f.Add([]byte(`[{"deviceModelUrn":"urn:test:pump","id":"P1","lastModified":1,"op":"assigned"}]`),
		[]byte(`{"devicePolicyIdsToEndpointIds":{"P":["E1"]},"deviceModelUrnsToDevicePolicies":{"urn:test:pump":["P"]}}`))
	f.Add([]byte(`[{"deviceModelUrn":"urn:test:pump","id":"P1","lastModified":1,"op":"assigned"},
		{"deviceModelUrn":"urn:test:pump","id":"P1","lastModified":2,"op":"unassigned"}]`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, body, associations []byte) {
		var store fuzzStore
		if json.Unmarshal(associations, &store.associations) != nil {
			store.associations = Associations{}
		}
		fleet := newFleet(t, true, store, "E1")
		fleet.server.listed["P1"] = []string{"E1"}
		status, _ := fleet.manager.Change(t.Context(), epoch, body)
		if status != 200 && status != 400 {
			t.Errorf("status %d", status)
		}
		if held := len(fleet.manager.policies); held > 2 {
			t.Errorf("%d policies are kept", held)
		}
	})
}
