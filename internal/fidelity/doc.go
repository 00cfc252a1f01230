// Package fidelity compares what the device of this project sends with what the
// official clients sent when they were recorded (testdata/captures). It holds
// tests only.
//
// A server made of a recording answers the device as it answered the official
// client: the device is activated, sends, is written to and called, long polling
// and polling, after a refused token, after a restart, with a wrong clock, and as
// a gateway.
// Its requests are then taken apart beside those of the official clients: method,
// path, query, headers, shape of the body, signed bytes. What differs is a row of
// docs/fidelity.md, section "Device against captures", with the reason; a
// difference without a row fails, and so does a row without its difference.
// After a change run
//
//	go test ./internal/fidelity -run TestDeviceAgainstCaptures -update
//
// which writes the rows and leaves the reasons of new ones to be filled in.
//
// The package also measures what sending and activation cost. The server then is
// a process of its own, so that nothing but the device is counted.
package fidelity
