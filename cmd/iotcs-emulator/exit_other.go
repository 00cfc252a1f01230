//go:build !unix

package main

import "os"

// exitCode is that of the command.
func exitCode(state *os.ProcessState) int { return state.ExitCode() }
