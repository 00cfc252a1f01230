package policy_test

import (
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/policy"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// printer is a virtual device that prints what is sent.
type printer struct{ values map[int]wire.Value }

func (p printer) Current(attribute int) wire.Value { return p.values[attribute] }

func (p printer) Commit(attribute int, v wire.Value) error {
	p.values[attribute] = v
	return nil
}

func (p printer) Emit(m *policy.Message) error {
	sent, err := wire.DecodeMessage(m.JSON)
	if err != nil {
		return err
	}
	for _, item := range sent.Data.Items {
		fmt.Printf("%d ms: %s = %s\n", m.EventTime, item.Name, item.Value.AppendJSON(nil))
	}
	return nil
}

func (p printer) Call(_ int, name string, arguments []wire.Value) { fmt.Println(name, arguments) }
func (p printer) Report(err error)                                { fmt.Println(err) }

// A policy is bound to a device model once; each device has an engine of its
// own. Here the mean of ten seconds is sent in Fahrenheit, unless it is freezing.
func Example() {
	document := `{"id":"POL-1","lastModified":1,"pipelines":[{"attributeName":"temp","pipeline":[
		{"id":"mean","parameters":{"window":10000}},
		{"id":"filterCondition","parameters":{"condition":"$(temp) < 0"}},
		{"id":"computedMetric","parameters":{"formula":"$(temp) * 1.8 + 32"}}]}]}`
	model := &devicemodel.Model{
		URN:        "urn:com:example:sensor",
		Attributes: []devicemodel.Attribute{{Name: "temp", Type: devicemodel.Number}},
	}
	p, err := policy.Parse([]byte(document))
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, problems := policy.Compile(p, model)
	fmt.Println(len(problems), "problems")

	engine := plan.Start(printer{map[int]wire.Value{}}, "sensor-1", 0)
	for now, celsius := range []float64{19, 20, 21} {
		if err := engine.Offer(int64(now), policy.DefaultHead(), policy.Item{Attribute: 0, Value: wire.NumberValue(celsius)}); err != nil {
			fmt.Println(err)
		}
	}
	deadline, _ := engine.NextDeadline()
	engine.Expire(deadline)
	// Output:
	// 0 problems
	// 10000 ms: temp = 68
}

// Check tells what is wrong with a policy before it is used.
func ExampleCheck() {
	p, err := policy.Parse([]byte(`{"id":"POL-1","lastModified":1,"pipelines":[{"attributeName":"temp","pipeline":[
		{"id":"mean","parameters":{}},
		{"id":"filterCondition","parameters":{"condition":"$(tmp) < 0"}}]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	model := &devicemodel.Model{Attributes: []devicemodel.Attribute{{Name: "temp", Type: devicemodel.Number}}}
	for _, problem := range policy.Check(p, model) {
		fmt.Println(problem)
	}
	// Output:
	// policy: /pipelines/0/pipeline/0/parameters/window: the function has no window; it is left out
	// policy: /pipelines/0/pipeline/1/parameters/condition: formula: offset 0: unknown attribute "tmp"
}
