// Package faults knows what is to go wrong in an emulator: rules that say which fault meets which calls of devices. It decides; the
// emulator carries out.
//
// A [Rule] has a text form, which [Parse] reads. A [Set] holds rules, counts the calls that fit each of them, and says which faults meet
// a call; with the same rules and the same order of calls it always says the same, chance included. A Set is safe for concurrent use.
package faults
