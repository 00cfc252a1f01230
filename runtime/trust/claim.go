package trust

import (
	"errors"
	"io/fs"
	"os"
	"slices"
)

// claim is a provisioning file held for rewriting: locked, proven replaceable,
// and read again, as others may have rewritten it since it was opened.
type claim struct {
	disk       disk
	target     string      // absolute, symbolic links followed
	info       fs.FileInfo // of the file that base was read from, or that was written last
	base       *content    // what the file holds
	passphrase []byte      // a copy, in the form that the file uses
	lock       *lock
}

// claim takes hold of the file. The caller must release it.
func (f *File) claim() (*claim, error) {
	form := f.passphraseForm()
	if form == nil {
		return nil, ErrWiped
	}
	c := &claim{disk: f.disk, passphrase: form}
	if f.absolute == "" {
		return nil, readOnly(errors.New("it was read from memory"), "open it with trust.Open")
	}
	err := c.take(f.absolute)
	if err == nil && !c.base.sameDevice(f.now()) {
		err = &remedied{ErrChanged, "open it again"}
	}
	if err != nil {
		c.release()
		return nil, err
	}
	return c, nil
}

// passphraseForm returns a copy, nil once f is wiped.
func (f *File) passphraseForm() []byte {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.passphrase == nil {
		return nil
	}
	return slices.Clone(f.passphrase.bytes)
}

func (c *claim) take(path string) (err error) {
	if c.target, err = resolve(path); err != nil {
		return err
	}
	if c.info, err = stat(c.target); err != nil {
		return err
	}
	if c.lock, err = acquire(c.target); err != nil {
		return err
	}
	if c.info, err = stat(c.target); err != nil { // another one may be there by now
		return err
	}
	if err := c.disk.proveReplaceable(c.target, c.info); err != nil {
		return err
	}
	c.base, err = load(c.target, c.passphrase)
	return err
}

// load reads the file at path with the passphrase form that is known to fit.
func load(path string, form []byte) (*content, error) {
	data, err := readLimited(path)
	if err != nil {
		return nil, err
	}
	blob, comments, err := splitFile(data)
	if err != nil {
		return nil, err
	}
	if err := checkBlob(blob); err != nil {
		return nil, err
	}
	c, err := decodeBlob(blob, form)
	if err != nil {
		return nil, err
	}
	c.comments = comments
	return c, nil
}

// write replaces the file by one that holds next, unless somebody else has put
// another file there meanwhile. When it fails, the file is complete all the same:
// the old one, or the new one when only flushing the folder failed. The lock holds
// the new file from before it gets its name.
func (c *claim) write(next *content) error {
	data, err := next.encode(c.passphrase, newIV())
	if err != nil {
		return err
	}
	present, err := os.Stat(c.target)
	if err == nil && !os.SameFile(present, c.info) {
		return ErrChanged
	}
	gathered, err := c.disk.gather(c.target, data, c.info)
	if err != nil {
		return err
	}
	if err := c.lock.extend(gathered); err != nil {
		c.disk.remove(gathered)
		return err
	}
	err = c.disk.swap(gathered, c.target)
	if present, statErr := os.Stat(c.target); statErr == nil {
		c.info = present
	}
	if err != nil {
		return err
	}
	c.base = next
	return nil
}

// release gives the file back and forgets the passphrase.
func (c *claim) release() error {
	Wipe(c.passphrase)
	if c.lock == nil {
		return nil
	}
	err := c.lock.release()
	c.lock = nil
	return err
}

// adopt makes next the content of f, wiping what it replaces.
func (f *File) adopt(next *content) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.content
	f.content = next
	if f.passphrase == nil {
		next.wipe()
	}
	old.wipe()
}
