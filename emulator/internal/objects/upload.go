package objects

import (
	"cmp"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"time"
)

// Upload is the content of an object that comes. It is written by one goroutine, which ends it with [Upload.Commit] or [Upload.Close].
type Upload struct {
	store  *Store
	files  *folder
	object Object
	id     string // of its file
	file   *os.File
	sum    hash.Hash
	ended  bool
}

// Create begins an upload. length is that of the content, -1 when it is not known: what could not be stored in the end is refused now.
// It fails with [ErrName], [ErrHeader], [ErrTooLarge], [ErrQuota], [ErrFull] and [ErrClosed].
func (s *Store) Create(name string, p Properties, length int64) (*Upload, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if length > MaxLength {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, length, MaxLength)
	}
	if err := s.room(name, max(length, 0)); err != nil {
		return nil, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	files, err := s.folder()
	if err != nil {
		return nil, err
	}
	p.Type, p.Metadata = cmp.Or(p.Type, DefaultType), maps.Clone(p.Metadata)
	u := &Upload{store: s, files: files, object: Object{Properties: p, Name: name}, id: rand.Text(), sum: md5.New()}
	if u.file, err = files.create(u.id); err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	return u, nil
}

// room tells whether an object of the length can be added.
func (s *Store) room(name string, length int64) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if _, there := s.objects[name]; !there && len(s.objects) >= MaxObjects {
		return fmt.Errorf("%w: %d", ErrFull, MaxObjects)
	}
	if length > s.quota-s.used {
		return s.overQuota()
	}
	return nil
}

// overQuota is for the holder of the lock.
func (s *Store) overQuota() error {
	return fmt.Errorf("%w: %d of %d bytes are in use", ErrQuota, s.used, s.quota)
}

// take books bytes of the quota.
func (s *Store) take(n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case n > s.quota-s.used:
		return s.overQuota()
	}
	s.used += n
	return nil
}

// give returns bytes of the quota.
func (s *Store) give(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= n
}

// Write adds to the content. It fails with [ErrQuota], [ErrTooLarge] and [ErrClosed], or with the error of the disk; the upload must then
// be closed.
func (u *Upload) Write(p []byte) (int, error) {
	if int64(len(p)) > MaxLength-u.object.Length {
		return 0, fmt.Errorf("%w: at most %d bytes", ErrTooLarge, MaxLength)
	}
	if err := u.store.take(int64(len(p))); err != nil {
		return 0, err
	}
	u.object.Length += int64(len(p)) // Close gives it back
	u.sum.Write(p)
	n, err := u.file.Write(p)
	if err != nil {
		return n, fmt.Errorf("objects: %w", err)
	}
	return n, nil
}

// Commit makes the content an object, in the place of what had its name, and has it on the disk when it returns, unless the store is a
// temporary one. When it fails everything is as before the upload.
func (u *Upload) Commit() (Object, error) {
	if err := u.commit(); err != nil {
		return Object{}, errors.Join(err, u.Close())
	}
	return u.object, nil
}

func (u *Upload) commit() error {
	if u.ended {
		return errors.New("objects: the upload has ended")
	}
	err := u.files.settle(u.file)
	if err := errors.Join(err, u.file.Close()); err != nil {
		return fmt.Errorf("objects: %w", err)
	}
	s := u.store
	s.changing.Lock()
	defer s.changing.Unlock()
	if _, err := s.folder(); err != nil {
		return err
	}
	if err := s.room(u.object.Name, 0); err != nil {
		return err
	}
	s.last++
	o := &u.object
	o.number, o.MD5, o.Modified = s.last, hex.EncodeToString(u.sum.Sum(nil)), time.Now().UTC().Truncate(time.Second)
	if err := u.files.commit(u.id, *o); err != nil {
		return fmt.Errorf("objects: %w", err)
	}
	u.ended = true
	s.mu.Lock()
	old, replaced := s.objects[o.Name]
	s.objects[o.Name] = *o
	s.used -= old.Length
	s.mu.Unlock()
	if replaced {
		// Should it fail, the newer of the two counts when the folder is opened again.
		_ = u.files.remove(old)
	}
	return nil
}

// Close gives an upload up that was not committed; after that it does nothing.
func (u *Upload) Close() error {
	if u.ended {
		return nil
	}
	u.ended = true
	u.store.give(u.object.Length)
	u.file.Close() // may be closed already
	u.store.changing.Lock()
	defer u.store.changing.Unlock()
	if _, err := u.store.folder(); err != nil {
		return nil // the folder belongs to nobody any more, or to another store, which tidies up
	}
	if err := u.files.tidy(u.id + partSuffix); err != nil {
		return fmt.Errorf("objects: %w", err)
	}
	return nil
}

// Alter changes the content of an object, as somebody else would who replaces it: its first byte is another one, or its only one where
// there was none. It fails like [Store.Read] and [Upload.Commit].
func (s *Store) Alter(name string) error {
	file, o, err := s.Read(name)
	if err != nil {
		return err
	}
	defer file.Close()
	u, err := s.Create(name, o.Properties, o.Length)
	if err != nil {
		return err
	}
	defer u.Close()
	first := []byte{0}
	if _, err := io.ReadFull(file, first); err != nil && err != io.EOF {
		return fmt.Errorf("objects: %w", err)
	}
	first[0] ^= 0x20 // a letter stays a letter
	if _, err := u.Write(first); err != nil {
		return err
	}
	if _, err := io.Copy(u, file); err != nil {
		return fmt.Errorf("objects: %w", err)
	}
	_, err = u.Commit()
	return err
}
