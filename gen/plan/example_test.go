package plan_test

import (
	"fmt"

	"github.com/iotcs-go/iotcs/gen/plan"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Two attributes whose names differ in a sign only: one gets a number, and the remedy tells how to choose a better name.
func ExampleBuild() {
	docs, _ := devicemodel.Inspect([]byte(`{"urn": "urn:com:example:car", "name": "Car", "attributes": [
		{"name": "left_door", "type": "BOOLEAN"},
		{"name": "left-door", "type": "BOOLEAN"}]}`))
	p, found, err := plan.Build(plan.Input{Models: []*devicemodel.Model{docs[0].Model}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range p.Packages[0].Attributes {
		fmt.Println(a.Wire, "is", a.Name)
	}
	for _, d := range found {
		fmt.Println(d.Text)
		fmt.Println(d.Remedy)
	}
	// Output:
	// left-door is LeftDoor
	// left_door is LeftDoor2
	// the attribute "left_door" is called LeftDoor2: LeftDoor belongs to the attribute "left-door"
	// for a better name write under overrides in iotcs-gen.yaml: "urn:com:example:car": {names: {"/attributes/left_door": NewName}}
}
