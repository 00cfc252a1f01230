package trust

// Reset forgets the activation: endpoint id and keys leave the file and memory,
// the rest stays. The server has to forget the device too before it can be
// activated again. On a device that is not activated it changes nothing. The file
// is replaced as durably as by Complete.
//
// Errors are *[FileError] that wrap [ErrEnterprise], [ErrLocked], [ErrReadOnly],
// [ErrChanged], [ErrWiped], those of [Open], or an error of the file system. The
// file is complete then too: what it was, unless only flushing its folder failed.
func (f *File) Reset() error {
	return fileError("reset", f.path, f.reset())
}

func (f *File) reset() error {
	c, err := f.claim()
	if err != nil {
		return err
	}
	defer c.release()
	if c.base.activated() && c.base.enterprise() {
		return ErrEnterprise
	}
	if !c.base.activated() && c.base.key == nil {
		f.adopt(c.base)
		return nil
	}
	old := *c.base
	next := old
	next.endpointID, next.key = "", nil
	if err := c.write(&next); err != nil {
		return err
	}
	f.adopt(&next)
	// A pending file with the very key that is to be forgotten is a leftover.
	if pending, err := load(c.pendingPath(), c.passphrase); err == nil && pending.key.same(old.key) {
		return c.dropPending()
	}
	return nil
}
