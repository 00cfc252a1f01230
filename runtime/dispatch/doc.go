// Package dispatch moves the messages of one device: a priority queue, a
// transmitter that sends batches and retries them by the platform's rules, a
// receiver that fetches the server's requests, and a request dispatcher that
// routes them to handlers and queues the answers
// (docs/protocol/dispatch.md).
//
// Within a priority messages leave in the order in which they were queued, also
// after failures: what could not be sent goes back to the front. A higher
// priority overtakes a lower one at every batch. A message leaves the queue in
// one of two ways only, and the sender hears of both: the server accepted it, or
// it was given up.
//
// With Config.Store the durable messages lie in an outbox instead of in memory:
// they survive the process, and what of them waits is read as it is sent.
// [Dispatcher.Accept] fixes their place in the order, [Receipt.Wait] waits for the
// disk. docs/reliability.md has the whole promise.
//
// A message may wait for something of its own before it leaves, such as an upload:
// see [Hold].
//
// A [Dispatcher] owns its goroutines; [Dispatcher.Close] ends them.
package dispatch
