//go:build unix

package main

import (
	"os"
	"syscall"
)

// exitCode is that of the command, or 128 and the number of the signal that ended it, as shells have it.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
