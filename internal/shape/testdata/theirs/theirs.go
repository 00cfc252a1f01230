// Package theirs stands for a module of somebody else.
package theirs

// Value is something to import.
const Value = 1
