// Package assertion reads and verifies the JSON web tokens with which devices ask for an access token
// (docs/protocol/transport.md §4).
//
// The official clients write them in their own ways: segments with or without padding, in either base64 alphabet, with blanks in the
// claims, without the claim sub. All of these are read; the signature is verified over the text as it was received. What a reader must
// not forgive (another audience, an algorithm other than HS256 and RS256, a missing claim) is an error.
//
// Whether an assertion has expired is for the caller to say, who knows the time: [Assertion.Expires].
package assertion
