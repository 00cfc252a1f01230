//go:build !unix

package main

import (
	"errors"
	"time"
)

// processorTime is known on Unix only.
func processorTime() (time.Duration, error) {
	return 0, errors.New("the processor time is measured on Unix only")
}
