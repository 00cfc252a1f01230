package emulatortest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
)

const messagesPath = "/iot/api/v2/messages?acceptBytes=0"

func TestFaults(t *testing.T) {
	both(t, func(t *testing.T, opts ...emulatortest.Option) {
		cloud := emulatortest.New(t, opts...)
		cloud.AddModel(pumpModel)
		c := open(t, cloud, cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN)))
		c.login()
		cloud.Fault("status=503,route=messages,nth=1", "lost-answer,route=messages,nth=1", "latency=50ms")
		message := slicesJoin([][]byte{c.data(5)})
		if status, _, err := c.post(messagesPath, message, "application/json"); status != 503 || err != nil {
			t.Errorf("%d, %v", status, err)
		}
		if status, _, err := c.post(messagesPath, message, "application/json"); err == nil {
			t.Errorf("%d for an answer that was to be lost", status)
		}
		if got := cloud.Fired(); !slices.Equal(got, []int{1, 1, 0}) {
			t.Errorf("fired %v", got)
		}
		begin := time.Now()
		c.send(c.data(6))
		if slow := time.Since(begin); slow < 50*time.Millisecond || !slices.Equal(cloud.Fired(), []int{1, 1, 1}) {
			t.Errorf("%v, fired %v", slow, cloud.Fired())
		}
		cloud.ClearFaults()
		c.send(c.data(7))
		if got := len(cloud.Messages()); got != 3 || len(cloud.Fired()) != 0 {
			t.Errorf("%d messages, faults %v", got, cloud.Fired())
		}
	})
}

func TestPolicies(t *testing.T) {
	both(t, func(t *testing.T, opts ...emulatortest.Option) {
		cloud := emulatortest.New(t, opts...)
		cloud.AddModel(pumpModel)
		d := cloud.AddDevice("pump-7", emulatortest.Activated(pumpURN))
		c := open(t, cloud, d)
		c.login()
		id := cloud.AddPolicy(pumpURN, `{"pipelines":[{"attributeName":"speed","pipeline":[{"id":"mean","parameters":{"window":1000}}]}]}`, d.EndpointID)
		other := cloud.AddPolicy(pumpURN, `{"pipelines":[]}`)
		cloud.UpdatePolicy(id, `{"pipelines":[]}`)
		cloud.AssignPolicy(other, d.EndpointID)
		cloud.UnassignPolicy(other, d.EndpointID)
		var ops []string
		for _, m := range c.serve(200) {
			for _, op := range []string{"unassigned", "assigned", "changed"} {
				if strings.Contains(string(m.Request.Body), `"`+op+`"`) {
					ops = append(ops, op)
				}
			}
		}
		if got := strings.Join(ops, " "); got != "assigned changed unassigned assigned unassigned" {
			t.Errorf("told %s", got)
		}
	})
}

func TestFaultsAndPoliciesThatFail(t *testing.T) {
	for name, test := range map[string]struct {
		run  func(cloud *emulatortest.Server)
		says string
	}{
		"no rule":         {func(cloud *emulatortest.Server) { cloud.Fault("boom") }, "boom: "},
		"no model":        {func(cloud *emulatortest.Server) { cloud.AddPolicy("urn:none", "{}") }, "urn:none"},
		"bad policy":      {func(cloud *emulatortest.Server) { cloud.AddPolicy(pumpURN, `{"pipelines":7}`) }, "/pipelines"},
		"no policy":       {func(cloud *emulatortest.Server) { cloud.UpdatePolicy("P", `{}`) }, "404"},
		"assign nothing":  {func(cloud *emulatortest.Server) { cloud.AssignPolicy("P", "x") }, "404"},
		"unassigned once": {func(cloud *emulatortest.Server) { cloud.UnassignPolicy("P", "x") }, "404"},
	} {
		t.Run(name, func(t *testing.T) {
			text, failed := record(t, func(tb testing.TB) {
				cloud := emulatortest.New(tb)
				cloud.AddModel(pumpModel)
				test.run(cloud)
			})
			if !failed || !strings.Contains(text, test.says) {
				t.Errorf("failed %v, said %s", failed, text)
			}
		})
	}
}
