// Package outboxtest tests stores and what uses them: [TestStore] is the
// conformance suite of outbox.Store, [Disk] a disk in memory that fills up, fails
// and loses its power when a test says so.
package outboxtest
