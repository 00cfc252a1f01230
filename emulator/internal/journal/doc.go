// Package journal keeps records in a file so that they survive the end of the process: what the emulator knows with a data folder.
//
// A journal is append-only. Every record carries its length and a CRC-32C; [Open] hands the records to the caller and cuts off what a
// crash left half written. [Journal.Append] hands records to the operating system before it returns, so they survive a killed process;
// [Journal.Sync] and [Journal.Close] bring them to the disk, so that they survive a power failure too. [Lock] keeps a second process
// out of a folder.
//
// A Journal is safe for concurrent use.
package journal
