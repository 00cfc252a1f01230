package device_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// policied is an activated device with a policy for plants. The virtual device
// makes the model known.
func policied(t *testing.T, c *cloud, policy string, opts ...device.Option) (*device.Device, device.Binding) {
	t.Helper()
	c.addPlant()
	assets := c.assets("D-1", true, plantURN)
	id, err := c.AddPolicy(plantURN, []byte(policy))
	must(t, err)
	must(t, c.AssignPolicy(id, assets.EndpointID()))
	d := c.open(assets, opts...)
	b, err := device.Bind(d, d.EndpointID(), &plant)
	must(t, err)
	return d, b
}

// offerSpeeds offers a message for each value.
func offerSpeeds(t *testing.T, d *device.Device, values ...int64) {
	t.Helper()
	for _, v := range values {
		must(t, d.OfferMessages(&wire.Message{Type: wire.TypeData, Data: &wire.DataPayload{
			Format: plantURN + ":attributes", Items: []wire.Item{{Name: "speed", Value: wire.IntegerValue(v)}},
		}}))
	}
}

// Messages of the application go through the policy of their device; closing sends
// what it holds back, and a window leaves with the message that finds it over.
func TestOfferMessages(t *testing.T) {
	const filter = `{"attributeName":"speed","pipeline":[{"id":"filterCondition","parameters":{"condition":"$(speed) > 100"}}]}`
	for name, c := range map[string]struct {
		pipelines    string
		after, close []int // what came after a minute, and what more with Close
	}{
		"filter": {filter, []int{1, 2, 3, 4, 5}, nil},
		"batch": {filter + `,{"pipeline":[{"id":"batchBySize","parameters":{"batchSize":3}}]}`,
			[]int{1, 2, 3}, []int{4, 5}},
		"window": {`{"attributeName":"speed","pipeline":[{"id":"max","parameters":{"window":30000}}]}`, nil, []int{500}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newCloud(t)
				d, b := policied(t, s, `{"pipelines":[`+c.pipelines+`]}`)
				offerSpeeds(t, d, 1, 2, 500, 3)
				time.Sleep(5 * time.Second)
				offerSpeeds(t, d, 4, 5)
				time.Sleep(time.Minute)
				s.expectSpeeds(c.after...)
				if _, ok := b.Integer(attrSpeed); ok {
					t.Error("the virtual device took the value of a message")
				}
				must(t, d.Close(t.Context()))
				s.expectSpeeds(append(c.after, c.close...)...)
			})
		})
	}
}

// The virtual device of the same endpoint keeps its policy, and learns of changes.
func TestOfferMessagesBesideAVirtualDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		d, b := policied(t, c, `{"pipelines":[]}`)
		offerSpeeds(t, d, 1)
		time.Sleep(5 * time.Second)
		id, err := c.AddPolicy(plantURN, []byte(`{"pipelines":[{"attributeName":"speed","pipeline":[{"id":"filterCondition","parameters":{"condition":"$(speed) < 100"}}]}]}`))
		must(t, err)
		must(t, c.AssignPolicy(id, d.EndpointID()))
		time.Sleep(5 * time.Second)
		must(t, b.OfferInteger(attrSpeed, 2))
		must(t, b.OfferInteger(attrSpeed, 200))
		offerSpeeds(t, d, 3, 300)
		time.Sleep(5 * time.Second)
		c.expectSpeeds(1, 200, 300)
	})
}

// RequirePolicy makes messages wait, too.
func TestOfferMessagesRequirePolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.cut(true)
		d, _ := policied(t, c, `{"pipelines":[{"attributeName":"speed","pipeline":[{"id":"filterCondition","parameters":{"condition":"$(speed) < 100"}}]}]}`, device.RequirePolicy())
		offerSpeeds(t, d, 5, 200)
		time.Sleep(24 * time.Hour)
		c.cut(false)
		c.expectSpeeds()
		time.Sleep(10 * time.Minute) // until it asks again
		c.expectSpeeds(200)
	})
}

// An action that a policy calls is the device's own to answer.
func TestOfferMessagesCallsActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		d, b := policied(t, c, `{"pipelines":[{"attributeName":"speed","pipeline":[{"id":"actionCondition","parameters":{
			"condition":"$(speed) > 100","filter":false,"action":{"name":"ramp","arguments":["$(speed) / 10"]}}}]}]}`)
		called := make(chan int64, 10)
		b.HandleActions(func(_ context.Context, a *device.ActionCall) error {
			called <- a.Integer(0)
			return nil
		})
		offerSpeeds(t, d, 50, 500)
		time.Sleep(5 * time.Second)
		c.expectSpeeds(50, 500)
		select {
		case v := <-called:
			if v != 50 {
				t.Errorf("called with %d", v)
			}
		default:
			t.Error("the action was not called")
		}
		messages, _, err := c.Messages(0)
		must(t, err)
		if slices.ContainsFunc(messages, func(m emulator.Message) bool {
			return m.Direction == wire.FromDevice && m.Request != nil && strings.Contains(m.Request.URL, "/actions/")
		}) {
			t.Error("the request to the device itself went to the server")
		}
	})
}

// An update that is offered goes through the pipelines of its attributes and
// leaves in one message with what is computed from it; what is set goes past them,
// though not past the batch of the device.
func TestOfferAnUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		d, b := policied(t, c, `{"pipelines":[
			{"attributeName":"speed","pipeline":[{"id":"filterCondition","parameters":{"condition":"$(speed) > 100"}}]},
			{"attributeName":"level","pipeline":[{"id":"computedMetric","parameters":{"formula":"$(speed) / 10"}}]},
			{"pipeline":[{"id":"batchBySize","parameters":{"batchSize":2}}]}]}`)
		want := func(all ...string) {
			t.Helper()
			time.Sleep(5 * time.Second)
			messages, _, err := c.Messages(0)
			must(t, err)
			var got []string
			for _, m := range messages {
				if m.Data != nil && m.Data.Format == plantURN+":attributes" {
					var text []string
					for _, item := range m.Data.Items {
						text = append(text, item.Name+"="+string(item.Value.AppendJSON(nil)))
					}
					got = append(got, strings.Join(text, " "))
				}
			}
			if !slices.Equal(got, all) {
				t.Errorf("came %q, want %q", got, all)
			}
		}
		must(t, b.Virtual().Update().Set("speed", 10).Set("mode", "x").Offer())
		want()
		must(t, b.SetInteger(attrSpeed, 500))
		want(`speed=10 mode="x" level=1`, `speed=500 level=50`)
		must(t, b.Virtual().Update().Set("speed", 300).Set("mode", "y").Offer())
		want(`speed=10 mode="x" level=1`, `speed=500 level=50`)
		if v, _ := b.Integer(attrSpeed); v != 500 {
			t.Errorf("the speed is %d, though the policy threw 300 away", v)
		}
		must(t, d.Close(t.Context()))
		want(`speed=10 mode="x" level=1`, `speed=500 level=50`, `mode="y"`)
	})
}
