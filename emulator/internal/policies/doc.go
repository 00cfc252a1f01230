// Package policies knows the device policies of the emulator, which devices have them, and which devices have still to be told of a
// change; it keeps all that in a journal when it is given one.
//
// A device has at most one policy of a device model, as no client looks at a second one (docs/protocol/policies.md §3.2): an assignment
// takes the place of another. What a [Store] hands out is shared and must not be modified. All methods are safe for concurrent use.
//
// A change of a policy, and the [Notice] of it to everyone concerned, are one step. A notice stays until it is [Store.Told], so that a
// device that was away for a while, or a server that was restarted, still learns what happened.
package policies
