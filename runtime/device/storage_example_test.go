package device_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/iotcs-go/iotcs/runtime/device"
)

// A picture is uploaded, and the message with its URI leaves when it is there.
func ExampleDevice_NewStorageObject() {
	ctx := context.Background()
	dev, err := device.Open(ctx, "camera.conf", "passphrase")
	if err != nil {
		fmt.Println("no provisioning file here:", errors.Is(err, os.ErrNotExist))
		return
	}
	defer dev.Close(ctx)
	v, err := device.NewVirtual(dev, dev.EndpointID(), &plant)
	if err != nil {
		fmt.Println(err)
		return
	}
	picture, err := dev.NewStorageObject("snapshots/1.png", "image/png", device.FromFile("1.png"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Set("picture", device.StorageURI(picture)), dev.Flush(ctx))
	// Output: no provisioning file here: true
}

// What the cloud wrote is downloaded beside everything else.
func ExampleURI_StorageObject() {
	download := func(_ context.Context, c device.Change[any]) error {
		picture, ok := c.New.(device.URI).StorageObject()
		if !ok {
			return &device.StatusError{Code: 400, Text: "not a storage object"}
		}
		if err := picture.SetSink(device.ToFile("reference.png")); err != nil {
			return err
		}
		return picture.SyncAsync(func(err error) { fmt.Println("downloaded", picture.Length(), "bytes:", err) })
	}
	external, err := device.ExternalURI("https://camera.example.com/1.png")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(download(context.Background(), device.Change[any]{New: external}))
	// Output: 400 not a storage object
}
