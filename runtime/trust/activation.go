package trust

import (
	"context"
	"crypto"
	"fmt"
	"os"
	"strings"
	"sync"
)

// BeginActivation implements [Assets]. It locks the file (see the package comment)
// and proves that it can be replaced: it is not marked read-only, not a mount
// point of its own, and a new version of it, with room to grow, can be written and
// flushed in its folder. Then it reads the file again, as another process may have
// activated the device: then the result is ErrActivated, and EndpointID and Signer
// know the outcome.
//
// Errors are *[FileError] that wrap [ErrActivated], [ErrLocked], [ErrReadOnly],
// [ErrPendingKey], [ErrChanged], [ErrWiped], those of [Open], or an error of the
// file system.
func (f *File) BeginActivation(ctx context.Context) (Activation, error) {
	if err := ctx.Err(); err != nil {
		return nil, fileError("activate", f.path, err)
	}
	if c := f.now(); c.activated() {
		return nil, fileError("activate", f.path, fmt.Errorf("%w as %q", ErrActivated, c.endpointID))
	}
	c, err := f.claim()
	if err != nil {
		return nil, fileError("activate", f.path, err)
	}
	if c.base.activated() {
		c.release()
		f.adopt(c.base)
		return nil, fileError("activate", f.path, fmt.Errorf("%w as %q by another process", ErrActivated, c.base.endpointID))
	}
	old, err := c.pendingKey()
	if err != nil {
		c.release()
		return nil, fileError("activate", f.path, err)
	}
	return &attempt{file: f, claim: c, old: old}, nil
}

// attempt is the Activation of a File.
type attempt struct {
	file *File

	mu    sync.Mutex
	claim *claim   // nil once closed
	old   *keyPair // what an earlier attempt left; nil when nothing
	made  *keyPair // what this attempt generated
	given *keyPair // what GenerateKey handed out, one of the two
	done  bool
}

// GenerateKey implements [Activation]. The key lies in "<file>.pending", mode
// 0600, flushed, before it is returned. ctx is looked at before the key is made
// and after: making it cannot be interrupted, and takes a small device minutes.
//
// A key that lies there from an earlier attempt is returned again when it has at
// least bits bits; a smaller one is ErrPendingKey, as this must not overwrite it.
func (a *attempt) GenerateKey(ctx context.Context, bits int) (crypto.Signer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key, err := a.key(ctx, bits)
	if err != nil {
		return nil, fileError("activate", a.file.path, err)
	}
	a.given = key
	return key.signer, nil
}

func (a *attempt) key(ctx context.Context, bits int) (*keyPair, error) {
	if err := a.open(); err != nil {
		return nil, err
	}
	if err := checkKeyBits(bits); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	present := a.made
	if present == nil {
		present = a.old
	}
	if present != nil {
		if present.bits() < bits {
			return nil, a.claim.inTheWay(fmt.Errorf("it holds a key of %d bits, the server asks for %d", present.bits(), bits))
		}
		return present, nil
	}
	private, err := a.file.generate(bits)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key, err := newKeyPair(private)
	if err != nil {
		return nil, err
	}
	if err := a.claim.storePending(key); err != nil {
		return nil, fmt.Errorf("the new key cannot be stored: %w", err)
	}
	a.made = key
	return key, nil
}

// open returns the error of an attempt that is over.
func (a *attempt) open() error {
	switch {
	case a.claim == nil:
		return os.ErrClosed
	case a.done:
		return fmt.Errorf("%w as %q", ErrActivated, a.claim.base.endpointID)
	}
	return nil
}

// Complete implements [Activation]: the file is replaced atomically, then the
// pending file removed. The error is a *[FileError] whose remedy tells how to
// finish by hand; the key is safe, and Complete may be called again.
func (a *attempt) Complete(_ context.Context, endpointID string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done && a.claim != nil && a.claim.base.endpointID == endpointID {
		return nil
	}
	if err := a.open(); err != nil {
		return fileError("complete", a.file.path, err)
	}
	if a.given == nil {
		return fileError("complete", a.file.path, fmt.Errorf("%w was generated", ErrNoKey))
	}
	if err := checkEndpointID(endpointID); err != nil {
		return fileError("complete", a.file.path, err)
	}
	if err := a.claim.complete(endpointID, a.given); err != nil {
		return &FileError{Op: "complete", Path: a.file.path,
			Err: fmt.Errorf("the server activated the device as %q, which could not be stored: %w", endpointID, err),
			Remedy: fmt.Sprintf("the key is safe in %s; put right what is wrong, then: iotcs-provision complete --endpoint %s %s",
				a.claim.pendingPath(), shellWord(endpointID), shellWord(a.file.path)),
		}
	}
	a.done = true
	a.file.adopt(a.claim.base)
	return nil
}

// Abort implements [Activation]: the pending file is removed if this attempt wrote
// it.
func (a *attempt) Abort() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.open(); err != nil {
		return fileError("activate", a.file.path, err)
	}
	a.given = nil
	if a.made == nil {
		return nil
	}
	if err := a.claim.dropPending(); err != nil {
		return fileError("activate", a.file.path, fmt.Errorf("removing the refused key: %w", err))
	}
	a.made = nil
	return nil
}

// Close implements [Activation]: it releases the lock.
func (a *attempt) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.claim == nil {
		return nil
	}
	err := a.claim.release()
	a.claim = nil
	return err
}

// Format shows which device is being activated, whatever the verb.
func (a *attempt) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "trust.Activation{%s}", a.file)
}

// shellWord quotes text, which may come from the server, for a command line that
// an operator is told to run.
func shellWord(text string) string {
	plain := text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune("-_./:@%+=,", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if plain {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
