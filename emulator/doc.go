// Package emulator is a local server that speaks the protocol of the Oracle IoT Cloud Service: what devices need (tokens, activation,
// device models, messages, long polling, an object store) and what people and tests need to see them at work (management calls, cloud writes, actions).
//
// A [Server] is made with [New], serves a listener with [Server.Serve] and ends with [Server.Close]. It keeps its state in memory, or
// in a folder with [WithDataDir]. Tests use package emulatortest, which makes one in a line.
//
// It follows the official clients where they depend on a detail; docs/protocol/transport.md §12 lists these rules, docs/fidelity.md
// where its answers differ from those that the clients were recorded with. It refuses what the platform refuses: wrong secrets, forged
// signatures, expired assertions, a device that speaks for another. A message that breaks its device model is taken, as the platform
// takes it, and recorded as a violation.
//
// It is meant for the machine that it runs on: it serves the hosts that it is told, needs a user's password for everything that is not
// a device's own business, and refuses requests that a foreign web page makes a browser send. It is no server for the open network.
package emulator
