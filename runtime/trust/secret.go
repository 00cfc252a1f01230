package trust

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted stands where a secret would.
const redacted = "[redacted]"

// A Secret is a shared secret: the bytes as the operator typed them. It shows as
// "[redacted]" with every formatting verb, in logs, and as JSON or text.
type Secret []byte

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// Format writes "[redacted]" whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Wipe overwrites b with zeros, for passphrases and secrets that are no longer
// needed. Nothing in this package keeps a slice that it was given.
func Wipe(b []byte) { clear(b) }
