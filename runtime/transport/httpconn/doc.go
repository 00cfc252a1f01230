// Package httpconn makes small HTTP/1.1 calls over TLS in the goroutine of the
// caller.
//
// A device makes the same small call thousands of times a day, to one server,
// one at a time. net/http's [http.Transport] serves each connection by two
// goroutines and hands every call over to them and back; that costs more
// processor time than the encryption of a hundred messages. A [Transport] keeps
// its connections to itself instead: a call is written in one piece, then its
// answer is read, with net/http's own reader and writer of messages. Whatever is
// not small, not https or goes through a proxy is left to the http.Transport
// that it was made of.
package httpconn
