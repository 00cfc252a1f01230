// Package wire holds the messages that travel between a device and the server
// and their JSON form (docs/protocol/messages.md): append encoders for the
// device's hot path, a decoder with its own scanner for both ends, the limits
// of §5 and the conditions each end sets (CheckRequest for a device,
// CheckFromDevice for a server).
//
// An encoder appends one compact JSON object to a buffer of the caller and
// allocates nothing when the buffer has room; the values of an item are
// carried without boxing. The decoder is tolerant where the protocol is (any
// order of members, unknown members, numbers in exponent form) and loud where
// it is not: every refusal is a *DecodeError with offset, JSON pointer and the
// error number of the Java client.
//
// Nothing here does I/O, starts goroutines or keeps state between calls. Apart
// from UUIDSource no type synchronises: values may be read by many goroutines
// as long as none of them writes.
package wire
