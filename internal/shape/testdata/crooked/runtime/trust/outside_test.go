package trust_test

import (
	"example.com/crooked/emulator/emulatortest"
	"example.com/crooked/runtime/device"
)

func Example() { _, _ = emulatortest.Port, device.Counter }
