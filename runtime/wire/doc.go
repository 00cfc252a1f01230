// Package wire holds the messages that travel between a device and the server
// and their JSON form (docs/protocol/messages.md): append encoders for the
// device's hot path, a decoder with its own scanner for both ends, the limits
// of §5 and the conditions each end sets (CheckRequest for a device,
// CheckFromDevice for a server).
//
// # Encoders
//
// The Append functions append one compact JSON object to dst and give the longer
// slice back. They allocate nothing when dst has room and no map of the message
// has more than eight names. Members come in the order of the examples of
// docs/protocol/messages.md §7, names of maps sorted, so equal input gives equal
// bytes. They check nothing: CheckHeader, CheckKey, CheckText and CheckValue do,
// or Message.Append does it all. As a last defence they write valid JSON whatever
// they get: bytes that are no UTF-8 become U+FFFD, numbers that are not finite
// become null. What they cannot defend against is a name given twice.
//
// # Decoder
//
// The decoder is tolerant where the protocol is (any order of members, unknown
// members, numbers in exponent form) and loud where it is not: every refusal is a
// *DecodeError with offset, JSON pointer and the error number of the Java client
// (§10). A member that is missing is no error in itself; Message.Absent tells it
// to the checks of the end that reads.
//
// # Concurrency
//
// Nothing here does I/O, starts goroutines or keeps state between calls. Apart
// from UUIDSource no type synchronises: values may be read by many goroutines
// as long as none of them writes.
package wire
