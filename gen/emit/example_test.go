package emit_test

import (
	"fmt"
	"strings"

	"github.com/iotcs-go/iotcs/gen/emit"
	"github.com/iotcs-go/iotcs/gen/plan"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// From a device model to Go source: load, plan, emit.
func ExamplePackage() {
	docs, _ := devicemodel.Inspect([]byte(`{"urn": "urn:com:example:fan", "name": "Fan", "attributes": [
		{"name": "speed", "type": "INTEGER", "range": "0,3000", "description": "revolutions per minute"}]}`))
	p, _, err := plan.Build(plan.Input{Models: []*devicemodel.Model{docs[0].Model}})
	if err != nil {
		fmt.Println(err)
		return
	}
	files, err := emit.Package(&p.Packages[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	_, after, _ := strings.Cut(string(files["device.go"]), "// SetSpeed")
	method, _, _ := strings.Cut(after, "\n\n")
	fmt.Println("// SetSpeed" + method)
	// Output:
	// // SetSpeed stores v and sends it. Revolutions per minute. From 0 to 3000.
	// //
	// // Errors: [*device.RangeError], [*device.QueueFullError] and those of [device.WithOutbox] (the
	// // value is kept), [device.ErrClosed].
	// func (f *Fan) SetSpeed(v int64) error {
	// 	return f.binding.SetInteger(attrSpeed, v)
	// }
}
