package registry

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"time"
)

// Scope is what an access token is good for.
type Scope uint8

// The scopes of tokens (docs/protocol/transport.md §4).
const (
	ScopeActivation Scope = iota // oracle/iot/activation: the activation calls only
	ScopeDevice                  // the empty scope: everything else that a device may do
)

// Token is one access token: stored, not self-contained, so that a restart can honour it.
type Token struct {
	Text    string    `json:"text"`   // 32 hexadecimal digits: shell scripts look for exactly 32 letters and digits
	Device  string    `json:"device"` // endpoint id
	Scope   Scope     `json:"scope"`
	Expires time.Time `json:"expires"`
}

// maxTokens is how many tokens of one device count; when it fetches more, the oldest end.
const maxTokens = 32

func newTokenText() string {
	var random [16]byte
	rand.Read(random[:]) // never fails since Go 1.24: the program ends instead
	return hex.EncodeToString(random[:])
}

// Issue makes a token for the device. It fails with [ErrNotFound] when there is no such device.
func (r *Registry) Issue(device string, scope Scope, life time.Duration) (Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.devices[device] == nil {
		return Token{}, ErrNotFound
	}
	now := time.Now()
	r.dropTokens(device, now)
	token := Token{Text: newTokenText(), Device: device, Scope: scope, Expires: now.Add(life).UTC()}
	if err := r.record(entry{Token: &token}); err != nil {
		return Token{}, err
	}
	r.putToken(token)
	return token, nil
}

// putToken is for the holder of the lock.
func (r *Registry) putToken(token Token) {
	r.tokens[token.Text] = token
	r.tokensOf[token.Device] = append(r.tokensOf[token.Device], token.Text)
}

// dropTokens forgets the expired tokens of the device and makes room for one more. It is for the holder of the lock.
func (r *Registry) dropTokens(device string, now time.Time) {
	kept := slices.DeleteFunc(r.tokensOf[device], func(text string) bool {
		expired := !r.tokens[text].Expires.After(now)
		if expired {
			delete(r.tokens, text)
		}
		return expired
	})
	for len(kept) >= maxTokens {
		delete(r.tokens, kept[0])
		kept = slices.Delete(kept, 0, 1)
	}
	r.tokensOf[device] = kept
}

// Token finds a token that has not expired, and its device.
func (r *Registry) Token(text string) (Token, *Device, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	token, ok := r.tokens[text]
	if !ok || !token.Expires.After(time.Now()) {
		return Token{}, nil, false
	}
	device := r.devices[token.Device]
	return token, device, device != nil
}

// liveTokens gives the tokens that are worth keeping, the oldest first. It is for the holder of the lock.
func (r *Registry) liveTokens(now time.Time) []Token {
	live := slices.DeleteFunc(slices.Collect(maps.Values(r.tokens)), func(t Token) bool { return !t.Expires.After(now) })
	slices.SortFunc(live, func(a, b Token) int { return cmp.Or(a.Expires.Compare(b.Expires), cmp.Compare(a.Text, b.Text)) })
	return live
}
