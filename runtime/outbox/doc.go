// Package outbox keeps the messages of one device until the server has them:
// through a lost network, a killed process and, unless [Off] was chosen, a power
// failure. docs/reliability.md says what that promises to an application.
//
// [Open] gives a [Log], an append-only log in a folder of its own; [NewMemory]
// gives its twin without files, for tests. Both are a [Store], which is what
// package dispatch works with, and both pass the conformance suite of package
// outboxtest.
//
// # In the folder
//
// "0000000001.segment" and so on hold records one after the other: a marker, the
// length, a sequence number, a CRC-32C, and a payload whose first byte tells a
// message from a mark. A mark says that messages are done with or how often they
// were tried. Nothing is changed in place. The oldest segment is deleted when all
// its messages are done with; if a few old messages hold up many deletions, they
// are written again at the end of the log first.
//
// "lock" is there while a process has the log open. "quarantine" holds copies of
// bytes that could not be read; "next" is a segment that is being made.
//
// # After a crash
//
// Open cuts off an incomplete record at the end of the log. Records that are
// damaged elsewhere are skipped to the next good one, copied into the quarantine
// and removed from the segment, which is written anew and replaced by rename.
package outbox
