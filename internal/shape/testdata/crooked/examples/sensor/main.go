package main

import (
	"fmt"

	"example.com/crooked/runtime/device"
	"example.com/crooked/runtime/wire"
)

func main() {
	fmt.Println(wire.Size)
	device.Counter = 2
}
