// Package unheard is not in the table.
package unheard

const (
	Folder = `C:\Users\jane` // not fine
	A      = 1               // A is docs/protocol/wire.md §9.9
	B      = 2               // B is docs/protocol/absent.md §1
)
