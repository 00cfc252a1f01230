// Package trust imports what it must not.
package trust

import (
	"example.com/crooked/runtime/wire"
	"example.com/theirs"
)

// Sum uses what is imported.
const Sum = wire.Size + theirs.Value
