// Figures measures what the project promises about speed and memory, and lets
// the official JavaScript client do the same work beside it. It prints a table:
// figure, measured, bound, held or not. docs/performance.md says what each figure
// means, and what they were.
//
//	go run ./internal/figures [-messages n] [-rounds n] [-peer=false] [-profiles folder]
//
// Everything is measured in one run. What a figure is about runs in a process of
// its own: the emulator, the device, the device with many virtual devices, the
// outbox, the client on node. So processor time and memory of one are not those of
// another.
//
// The exit code is 0 when everything was measured, whether the bounds held or not,
// 1 when something could not be measured, and 2 for wrong use.
package main
