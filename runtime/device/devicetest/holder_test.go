package devicetest_test

import (
	"context"

	"github.com/iotcs-go/iotcs/runtime/device"
)

type ctx = context.Context

// holder stands for a generated device type.
type holder struct{ v *device.Virtual }

func (h holder) Virtual() *device.Virtual { return h.v }
