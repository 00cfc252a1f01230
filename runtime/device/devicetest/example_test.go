package devicetest_test

import (
	"context"
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
)

// A test of a device program: it sets a value, the cloud writes one back.
func Example() {
	cloud := devicetest.New()
	v, err := device.NewVirtual(cloud, "0-AB", &valve)
	if err != nil {
		fmt.Println(err)
		return
	}
	v.OnChange(func(context.Context, device.ChangeSet) error { return nil })

	if err := v.Set("open", true); err != nil {
		fmt.Println(err)
	}
	fmt.Println("sent:", cloud.Sent()[0].Values)

	answer := cloud.Write(context.Background(), holder{v}, "open", false)
	fmt.Println("answer:", answer.Status)
	fmt.Println("confirmed:", cloud.Sent()[1].Values)
	// Output:
	// sent: [{open true}]
	// answer: 202
	// confirmed: [{open false}]
}
