// Package authority makes the certificates of the emulator: an RSA root that provisioning files carry as their trust anchor, and
// server certificates under it.
//
// Both keys are RSA because the official JavaScript client loads nothing else (docs/protocol/provisioning.md §1.5). A server
// certificate has the common name localhost and the subject alternative names localhost, 127.0.0.1 and ::1: the Java client and the
// newer JavaScript client look at the alternative names, the older one at the common name only (docs/protocol/transport.md §11).
// Certificates are valid from 1999, so that tests may run on a clock that starts in the year 2000.
//
// Making two RSA keys takes a quarter of a second or so; [Cached] keeps them in a folder, readable by the user alone.
package authority
