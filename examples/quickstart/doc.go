// Quickstart is a humidity sensor in one file: the generated package, a device
// program around it, and a cloud that is played by the test client, so that it
// runs without a server. Its test shows how device programs are tested.
package main
