// Package jsclient lets the official JavaScript device client, the npm package
// iotcs-csl-js as it is, be the witness of what this project makes: it holds
// tests only, which need node (see internal/interop).
//
// The client reads the provisioning files that package trust writes, and package
// trust reads those that the client makes and activates. Then the client lives
// against the emulator: it activates, fetches its device model, sends values and
// alerts, is written to and called, polling both ways, over a restart of the
// emulator, over one of its own, and with a wrong clock. It uploads storage
// objects to the emulator's object store and downloads them from there. As a
// gateway it registers two devices behind it and speaks for both.
//
// One thing is added from outside, by testdata/peer.js: a property "model" of
// virtual devices, without which this release of the client never answers the
// write of an attribute (docs/protocol/transport.md §12).
package jsclient
