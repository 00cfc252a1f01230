package iniconfig_test

import (
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/device/iniconfig"
)

// What a program does with its config.ini before it opens the device.
func Example() {
	options, findings, err := iniconfig.Parse("config.ini", []byte(`[messaging]
http_response_timeout = 20000
network_kost = CELLULAR
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range findings {
		fmt.Println("warning:", f)
	}
	fmt.Println(len(options), "option for device.Open")
	// Output:
	// warning: config.ini:3: [messaging] has no key network_kost; it has no effect: did you mean network_cost?
	// 1 option for device.Open
}
