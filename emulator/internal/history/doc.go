// Package history stores the messages that went over the wire: the newest ones, up to limits of number and size, and the last value of
// every attribute that a device reported.
//
// Every message gets an id and an arrival time of its own, which never decreases (docs/protocol/management-api.md §7). A message that
// was sent again, which its source and client id tell, is stored once and counted. With a folder the history survives the end of the
// process: messages lie in numbered journal files of which the oldest go as the limits say; a killed process loses nothing that
// [History.Add] returned for, a power failure what the operating system had not written yet.
//
// Messages that were handed out are shared and must not be modified. A History is safe for concurrent use.
package history
