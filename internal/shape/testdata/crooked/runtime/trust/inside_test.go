package trust

import (
	"testing"

	"example.com/crooked/runtime/device"
)

func TestInside(t *testing.T) { device.Counter++ }
