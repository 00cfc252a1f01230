// Package registry knows the emulator's device models, devices and access tokens, and keeps them in a journal when it is given one.
//
// What it hands out (*[Device], *[Model]) is shared and must not be modified; a change makes a new value and puts it in the place of
// the old one, so a reader that holds one sees a consistent state. All methods are safe for concurrent use.
//
// The registry decides what belongs together: unique hardware ids and URNs, tokens that end with their device, indirectly connected
// devices that go with their gateway. Whether a caller may ask for a change is decided above it.
package registry
