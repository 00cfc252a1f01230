package interop_test

import (
	"os/exec"
	"testing"

	"github.com/iotcs-go/iotcs/internal/interop"
)

// A test that lets the official client speak asks for node and the client
// first, then runs node with NODE_PATH naming the folder of the client.
func Example() {
	testWithOfficialClient := func(t *testing.T) {
		interop.Require(t, interop.Node, interop.OfficialClient)
		command := exec.CommandContext(t.Context(), interop.Path(t, interop.Node), "testdata/witness.js")
		command.Env = append(command.Environ(), "NODE_PATH="+interop.Path(t, interop.OfficialClient))
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	_ = testWithOfficialClient
}
