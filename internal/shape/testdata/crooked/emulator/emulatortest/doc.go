// Package emulatortest breaks no rule.
package emulatortest

// Port is something to import.
const Port = 1
