// Demo is the device of `make demo`, and the cloud's side of the conversation
// with it: it activates, sends readings and an alert, and then writes an
// attribute and calls an action of itself through the server's management API, so
// that both ends can be seen in one screen. It runs inside `iotcs-emulator exec`;
// see story.sh.
package main
