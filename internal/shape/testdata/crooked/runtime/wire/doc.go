// Package wire breaks no rule (docs/protocol/wire.md §1.1).
package wire

// Size is something to import.
const Size = 1
