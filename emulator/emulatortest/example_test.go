package emulatortest_test

import (
	"encoding/base64"
	"fmt"

	"github.com/iotcs-go/iotcs/emulator/emulatortest"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

func encodeBase64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// The file that AddDevice writes is what the code under test opens.
func Example() {
	t := new(recorder) // in a test: its *testing.T
	defer t.done()

	cloud := emulatortest.New(t)
	cloud.AddModel(`{"urn":"urn:example:pump","name":"Pump"}`)
	pump := cloud.AddDevice("pump-7", emulatortest.Activated("urn:example:pump"))

	assets, err := trust.Open(pump.Path, []byte(pump.Passphrase))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(assets.ClientID(), assets.EndpointID() == pump.EndpointID, cloud.Device("pump-7").State)
	// Output: pump-7 true ACTIVATED
}
