// Package rest carries the calls of a device over HTTPS
// (docs/protocol/transport.md): access tokens and their renewal, clock skew,
// activation, messages with long polls, device models.
//
// Nothing that the server sends is trusted with the device's resources. Key
// sizes, token lives, waits, clock offsets and the size of every answer are
// bounded, redirects are never followed, and answers are never decompressed.
// The server's certificate is always checked against the provisioned anchors, or
// the platform's roots where there are none, and against the host name.
package rest
