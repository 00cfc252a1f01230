// Package device is what programs of connected devices import: virtual devices
// with their values, alerts, data, handlers and errors. Generated packages are
// thin typed wrappers around it.
//
// A virtual device belongs to a [Client], the device that carries its messages.
// Values are set, checked against the model, stored and queued in one step that
// never blocks; writes and actions of the cloud arrive at typed handlers, which
// decide the answer. Unit tests use the client of package devicetest, which
// needs no server.
//
// Errors say what a program can act on: see the Err variables and
// [RangeError], [QueueFullError], [StatusError] and [DeliveryError].
package device
