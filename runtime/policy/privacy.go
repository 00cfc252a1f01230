package policy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// hash is privacyPolicy: the value becomes the SHA-256 of its text, or its
// HMAC-SHA-256 where there is a key, in base64url without padding
// (docs/protocol/policies.md §8.9).
type hash struct{ key []byte }

func (h hash) apply(_ *Engine, _ int64, v value) (value, bool, error) {
	text := []byte(plainText(v))
	var sum []byte
	if h.key == nil {
		plain := sha256.Sum256(text)
		sum = plain[:]
	} else {
		mac := hmac.New(sha256.New, h.key)
		mac.Write(text)
		sum = mac.Sum(nil)
	}
	return wire.StringValue(base64.RawURLEncoding.EncodeToString(sum)), true, nil
}
