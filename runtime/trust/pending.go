package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"unicode/utf8"
)

// pendingSuffix makes the name of the file that holds a key from its generation to
// the end of the activation: the provisioning file with the key and no endpoint
// id, in the same format and under the same passphrase.
const pendingSuffix = ".pending"

// maxEndpointID bounds what the server may make us store, in bytes. Ids of the
// real service have 6 or 36 characters (docs/protocol/transport.md §6).
const maxEndpointID = 4096

// PendingPath returns the name of the file that holds the key of an activation
// that is not completed; there is none at other times. It is that of the target
// when path is a symbolic link. Errors are those of following it.
func (f *File) PendingPath() (string, error) {
	if f.absolute == "" {
		return "", fmt.Errorf("it was read from memory: %w", fs.ErrInvalid)
	}
	target, err := resolve(f.absolute)
	if err != nil {
		return "", err
	}
	return target + pendingSuffix, nil
}

func (c *claim) pendingPath() string { return c.target + pendingSuffix }

// pendingKey returns the key that an earlier attempt left, nil when there is none.
// A key that cannot be used must not be overwritten either: ErrPendingKey.
func (c *claim) pendingKey() (*keyPair, error) {
	pending, err := load(c.pendingPath(), c.passphrase)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.base.key, nil // a pending file that was renamed by hand
	case err != nil:
		return nil, c.inTheWay(fmt.Errorf("it cannot be read: %w", err))
	case !pending.sameDevice(c.base):
		return nil, c.inTheWay(fmt.Errorf("it belongs to client %q at %s", pending.clientID, pending.server))
	case pending.key == nil:
		return nil, c.inTheWay(errors.New("it holds no key"))
	}
	return pending.key, nil
}

// inTheWay wraps the reason why the pending file is of no use. The errors that
// reading it may give say nothing about the provisioning file, so only their text
// is kept.
func (c *claim) inTheWay(reason error) error {
	name := filepath.Base(c.pendingPath())
	return &remedied{
		fmt.Errorf("%w: %s: %s", ErrPendingKey, name, reason.Error()),
		"if the server has accepted that key, run iotcs-provision complete; if not, remove " + c.pendingPath(),
	}
}

// storePending has key on the disk when it returns nil.
func (c *claim) storePending(key *keyPair) error {
	next := *c.base
	next.endpointID, next.key = "", key
	data, err := next.encode(c.passphrase, newIV())
	if err != nil {
		return err
	}
	if len(data)+2*maxEndpointID > MaxSize { // Complete must not find out
		return fmt.Errorf("%w: no room for an endpoint id", ErrTooLarge)
	}
	gathered, err := c.disk.gather(c.pendingPath(), data, c.info)
	if err != nil {
		return err
	}
	return c.disk.swap(gathered, c.pendingPath())
}

// dropPending removes the pending file for good.
func (c *claim) dropPending() error {
	if err := c.disk.remove(c.pendingPath()); err != nil {
		return err
	}
	return c.disk.syncFolder(filepath.Dir(c.target))
}

// complete stores the endpoint id with key.
func (c *claim) complete(endpointID string, key *keyPair) error {
	next := *c.base
	next.endpointID, next.key = endpointID, key
	if err := c.write(&next); err != nil {
		return err
	}
	// The device is activated, durably. A pending file that cannot be removed is a
	// second copy under the same passphrase, which CompletePending and Reset clear
	// away and iotcs-provision verify reports: no reason to call activation failed.
	c.dropPending()
	return nil
}

func checkEndpointID(id string) error {
	reason := ""
	switch {
	case id == "":
		reason = "it is empty"
	case len(id) > maxEndpointID:
		reason = fmt.Sprintf("it is longer than %d bytes", maxEndpointID)
	case !utf8.ValidString(id):
		reason = "it is not UTF-8"
	case hasControl(id):
		reason = "it has control characters"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrEndpointID, reason)
}

// CompletePending finishes an activation that the server has accepted and this
// side could not store: the key that lies beside the file at path becomes the
// device's key, endpointID, as the server's console shows it, its id. Doing it
// again changes nothing. It is as durable as Complete.
//
// Errors are *[FileError] that wrap those of [Open], and [ErrNoPending] when no
// key lies there, [ErrPendingKey] when it is that of another device,
// [ErrActivated] when the file has another endpoint id already, [ErrLocked],
// [ErrReadOnly], [ErrEndpointID].
func CompletePending(path string, passphrase []byte, endpointID string) error {
	f, err := Open(path, passphrase)
	if err != nil {
		return err
	}
	defer f.Wipe()
	return fileError("complete", path, f.completePending(endpointID))
}

func (f *File) completePending(endpointID string) error {
	if err := checkEndpointID(endpointID); err != nil {
		return err
	}
	c, err := f.claim()
	if err != nil {
		return err
	}
	defer c.release()
	if c.base.activated() && c.base.endpointID != endpointID {
		return fmt.Errorf("%w as %q", ErrActivated, c.base.endpointID)
	}
	key, err := c.pendingKey()
	switch {
	case err != nil:
		return err
	case c.base.activated() && key.same(c.base.key):
		return c.dropPending()
	case c.base.activated():
		return c.inTheWay(fmt.Errorf("the file is activated as %q with another key", endpointID))
	case key == nil:
		return &remedied{ErrNoPending, "there is no " + c.pendingPath()}
	}
	return c.complete(endpointID, key)
}
