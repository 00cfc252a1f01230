// Package policy carries out device policies: it filters, samples, aggregates
// and batches the values and messages of a virtual device, computes values from
// others, and raises alerts and calls actions on conditions
// (docs/protocol/policies.md).
//
// A policy document is read with Parse and bound to a device model with
// Compile, which yields a Plan and what there is to say about the document. A
// Plan is immutable and shared by every device that has the policy; each device
// has an Engine, the state of its pipelines. An Engine is a state machine
// without goroutine, lock or clock: it works on the lock of the virtual device,
// every call brings the time along, and NextDeadline says when Expire wants to
// be called. What an Engine wants done, such as storing a value or sending a
// message, it asks of its Host.
//
// Where the official clients lose, invent or mix up values, this package does
// what the rows marked "Correct" in docs/protocol/policies.md say. Two
// principles stand above single rows: a value reaches the server only through
// every function of its pipeline, so a pipeline that cannot be built drops its
// values and reports each, and nothing a policy asks for is unbounded.
package policy
