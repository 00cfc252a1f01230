// Package mailbox carries requests from the cloud side to devices and tracks their answers.
//
// A request waits in the queue of the directly connected device or gateway that it must go through. A poll of that device takes the
// requests that fit ([Box.Poll]), or is held until there is one; a delivery that could not be written is put back in its old place
// ([Delivery.PutBack]). The device's answer completes the request ([Box.Answer]); without one it fails after [Life]. Finished requests
// can be looked at for [Memory].
//
// The rules of size are those of docs/protocol/transport.md §8.2 and messages.md §1.1. Nothing is kept beyond the end of the process.
// A Box starts no goroutines and is safe for concurrent use.
package mailbox
