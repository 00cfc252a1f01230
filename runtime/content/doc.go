// Package content moves the content of storage objects between a device and the
// platform's object store (docs/protocol/storage.md). Messages carry only the
// URI of an object; the bytes go to and from the store directly, with a token
// that the IoT server hands out.
//
// A [Store] owns a queue, the transfers at work and the token. An [Object] has a
// name, a place in the store and at most one transfer at a time: it is uploaded
// from a [Source] or downloaded to a [Sink]. Memory does not grow with the
// content. What was downloaded to a file stands under its name complete and
// checked, or not at all; a failed download leaves the old file.
//
// Nothing that the store or the server sends is trusted: the token goes to the
// host of its container and nowhere else, redirects are not followed, headers
// and lengths are bounded, names and URIs that lead out of the container are
// refused, plain HTTP is refused except for loopback addresses.
//
// A message that carries the URI of an object must not leave before the content
// is there: a [Hold] says when that is.
package content
