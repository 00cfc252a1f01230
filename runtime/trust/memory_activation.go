package trust

import (
	"context"
	"crypto"
	"crypto/rsa"
	"fmt"
	"os"
	"sync"
)

// memoryAttempt is the Activation of a Memory.
type memoryAttempt struct {
	memory *remembered

	mu     sync.Mutex
	left   crypto.Signer // of an earlier attempt
	key    crypto.Signer
	closed bool
	done   bool
}

// GenerateKey implements [Activation].
func (a *memoryAttempt) GenerateKey(ctx context.Context, bits int) (crypto.Signer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.open(); err != nil {
		return nil, err
	}
	if err := checkKeyBits(bits); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key, err := a.make(ctx, bits)
	if err != nil {
		return nil, err
	}
	public, ok := key.Public().(*rsa.PublicKey)
	if !ok || public.N.BitLen() < bits {
		return nil, fmt.Errorf("%w: it is no RSA key of %d bits", ErrPendingKey, bits)
	}
	a.key = key
	return key, nil
}

// make asks for the key, or gives back the one in memory that the server may know.
func (a *memoryAttempt) make(ctx context.Context, bits int) (crypto.Signer, error) {
	switch {
	case a.memory.cfg.GenerateKey != nil:
		return a.memory.cfg.GenerateKey(ctx, bits)
	case a.key != nil:
		return a.key, nil
	case a.left != nil:
		return a.left, nil
	}
	key, err := generateRSA(bits)
	if err != nil {
		return nil, err
	}
	return &rsaSigner{key}, nil
}

func (a *memoryAttempt) open() error {
	if a.closed {
		return os.ErrClosed
	}
	if a.done {
		return ErrActivated
	}
	return nil
}

// Complete implements [Activation].
func (a *memoryAttempt) Complete(ctx context.Context, endpointID string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.open(); err != nil {
		return err
	}
	if a.key == nil {
		return fmt.Errorf("%w was generated", ErrNoKey)
	}
	if err := checkEndpointID(endpointID); err != nil {
		return err
	}
	if a.memory.cfg.Complete != nil {
		if err := a.memory.cfg.Complete(context.WithoutCancel(ctx), endpointID); err != nil {
			return fmt.Errorf("storing the endpoint id %q: %w", endpointID, err)
		}
	}
	a.memory.mu.Lock()
	defer a.memory.mu.Unlock()
	a.memory.endpointID, a.memory.signer = endpointID, a.key
	a.done = true
	return nil
}

// Abort implements [Activation].
func (a *memoryAttempt) Abort() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.open(); err != nil {
		return err
	}
	made := a.key != nil && a.left == nil
	a.key = nil
	if made && a.memory.cfg.Abort != nil {
		return a.memory.cfg.Abort()
	}
	return nil
}

// Close implements [Activation].
func (a *memoryAttempt) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	a.closed = true
	a.memory.mu.Lock()
	defer a.memory.mu.Unlock()
	a.memory.busy = false
	if a.key != nil {
		a.memory.left = a.key
	}
	return nil
}

// Format shows which device is being activated, whatever the verb.
func (a *memoryAttempt) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "trust.Activation{%s}", Memory{a.memory})
}
