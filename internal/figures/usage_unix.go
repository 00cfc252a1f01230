//go:build unix

package main

import (
	"syscall"
	"time"
)

// processorTime is what this process used so far, of all threads, user and
// system.
func processorTime() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
