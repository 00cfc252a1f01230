// Package devicetest tests device programs without a server: its [Client]
// stands in for the device, records what virtual devices send as typed
// messages, plays the cloud's writes and actions, refuses messages and reports
// them undelivered. It starts no goroutine and opens no connection: everything
// happens in the calling goroutine, when the test says so.
package devicetest
