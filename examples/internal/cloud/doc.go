// Package cloud is the other side of the examples: a user of the server's
// management API, with nothing but net/http.
package cloud
