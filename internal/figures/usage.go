package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"
)

// spent is what a process spent on a measurement.
type spent struct {
	Wall time.Duration
	CPU  time.Duration // of all threads, user and system
	Peak int64         // bytes of memory at the most, since the process began
}

// since completes a measurement that began at start with the processor time cpu.
func since(start time.Time, cpu time.Duration) (spent, error) {
	wall := time.Since(start)
	now, err := processorTime()
	if err != nil {
		return spent{}, err
	}
	peak, err := peakMemory()
	return spent{Wall: wall, CPU: now - cpu, Peak: peak}, err
}

// peakMemory returns the most memory that the process ever had, in bytes. The
// kernel's figure for a process that ended is of no use: it begins with the memory
// of whoever started it.
func peakMemory() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("peak memory is known on Linux only: %w", err)
	}
	_, text, found := bytes.Cut(status, []byte("VmHWM:"))
	var kilobytes int64
	if !found {
		return 0, errors.New("the kernel tells no peak memory")
	}
	if _, err := fmt.Sscan(string(text), &kilobytes); err != nil {
		return 0, err
	}
	return kilobytes << 10, nil
}

// load is the machine's load average, for the reader of the table; empty where
// the system does not tell.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	one, _, _ := bytes.Cut(text, []byte(" "))
	return string(one)
}
