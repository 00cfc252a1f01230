// Package transport is the line between a device and its server: the calls that
// the runtime makes, whatever protocol carries them. Package rest carries them
// over HTTPS.
package transport
