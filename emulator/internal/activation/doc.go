// Package activation reads the two requests by which a device comes into use, direct activation and indirect activation through a
// gateway, and verifies their signatures (docs/protocol/transport.md §5 to §7).
//
// It decides nothing: which secret belongs to a device and whether a gateway may register another one is the caller's to know.
package activation
