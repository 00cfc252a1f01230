package lock_test

import (
	"fmt"

	"github.com/iotcs-go/iotcs/gen/lock"
)

// A merge that git could not finish is read as the union of both sides.
func ExampleParse() {
	l, err := lock.Parse([]byte(`<<<<<<< HEAD
urn:com:example:pump attribute left-door LeftDoor
=======
urn:com:example:pump attribute speed Speed
>>>>>>> other
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range l.Facts("urn:com:example:pump") {
		fmt.Println(f.Kind, f.Wire, f.Name)
	}
	// Output:
	// attribute left-door LeftDoor
	// attribute speed Speed
}
