package outboxtest

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"

	"github.com/iotcs-go/iotcs/runtime/outbox"
)

// ErrFull is what writes fail with when the disk is full. It wraps
// outbox.ErrDiskFull.
var ErrFull = fullError{}

type fullError struct{}

func (fullError) Error() string { return "simulated disk is full" }
func (fullError) Unwrap() error { return outbox.ErrDiskFull }

// Disk is an outbox.Disk in memory. It remembers what was flushed, so that
// [Disk.Cut] can forget the rest as a power failure does. Its methods may be called
// from any goroutine. The zero value is not ready: use [NewDisk].
type Disk struct {
	mu      sync.Mutex
	files   map[string]*content // as programs see them
	durable map[string]*content // names that were flushed
	locks   map[string]bool
	free    int64 // bytes that may still be written; negative: no bound
	fail    func(op, path string) error
	calls   map[string]int
}

// content is that of a file, whatever names it has.
type content struct {
	bytes  []byte
	synced []byte
	clean  int // bytes and synced agree up to here
}

// NewDisk returns an empty disk without bound.
func NewDisk() *Disk {
	return &Disk{files: map[string]*content{}, durable: map[string]*content{}, locks: map[string]bool{}, free: -1, calls: map[string]int{}}
}

// SetFree bounds the bytes by which files may grow from now on; negative: no
// bound.
func (d *Disk) SetFree(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free = bytes
}

// FailWhen makes operations fail with what f returns, nil: not. op is "create",
// "open", "read", "write", "truncate", "sync", "rename", "remove" or "sync
// folder". f is called with the disk locked.
func (d *Disk) FailWhen(f func(op, path string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = f
}

// Calls tells how often an operation was called.
func (d *Disk) Calls(op string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[op]
}

// Cut returns the disk as it is after a power failure: flushed content under
// flushed names, and of everything else what random decides; nil: nothing. The
// old disk goes on as if nothing had happened. Nothing is locked on the new one.
func (d *Disk) Cut(random *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := NewDisk()
	names := maps.Clone(d.durable)
	if random != nil {
		for _, name := range slices.Sorted(maps.Keys(d.files)) {
			if random.IntN(2) == 0 {
				names[name] = d.files[name]
			}
		}
		for _, name := range slices.Sorted(maps.Keys(d.durable)) {
			if d.files[name] == nil && random.IntN(2) == 0 {
				delete(names, name)
			}
		}
	}
	for name, c := range names {
		bytes := survivor(c, random)
		kept := &content{bytes: bytes, synced: slices.Clone(bytes)}
		after.files[name], after.durable[name] = kept, kept
	}
	return after
}

// survivor is what of a file's content is left after a power failure: of bytes
// that were not flushed some arrive, some are zeros or whatever was there.
func survivor(c *content, random *rand.Rand) []byte {
	if random == nil {
		return slices.Clone(c.synced)
	}
	size := len(c.synced)
	if len(c.bytes) > size {
		size += random.IntN(len(c.bytes) - size + 1)
	}
	bytes := make([]byte, size)
	copy(bytes, c.synced)
	const sector = 512
	for at := 0; at < size; at += sector {
		end := min(at+sector, size, len(c.bytes))
		if at < end && random.IntN(2) == 0 {
			copy(bytes[at:end], c.bytes[at:end])
		}
	}
	return bytes
}

// Files returns the content of the files in a folder, by name.
func (d *Disk) Files(folder string) map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	files := map[string][]byte{}
	for name, c := range d.files {
		if filepath.Dir(name) == filepath.Clean(folder) {
			files[filepath.Base(name)] = slices.Clone(c.bytes)
		}
	}
	return files
}

// Write sets the content of a file, flushed.
func (d *Disk) Write(path string, bytes []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := &content{bytes: slices.Clone(bytes), synced: slices.Clone(bytes)}
	d.files[path], d.durable[path] = c, c
}

// Flip changes a bit of a file while programs have it open.
func (d *Disk) Flip(path string, at int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.files[path]
	c.bytes[at] ^= 1
	c.clean = min(c.clean, at)
}

// before counts an operation and lets it fail. The caller holds the lock.
func (d *Disk) before(op, path string) error {
	d.calls[op]++
	if d.fail != nil {
		return d.fail(op, path)
	}
	return nil
}

// MakeFolder implements outbox.Disk; folders need not be made.
func (d *Disk) MakeFolder(string) error { return nil }

// List implements outbox.Disk.
func (d *Disk) List(path string) ([]string, error) {
	return slices.Sorted(maps.Keys(d.Files(path))), nil
}

// Create implements outbox.Disk.
func (d *Disk) Create(path string) (outbox.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.before("create", path); err != nil {
		return nil, err
	}
	c := new(content)
	d.files[path] = c
	return &file{d, path, c}, nil
}

// Open implements outbox.Disk.
func (d *Disk) Open(path string) (outbox.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.before("open", path); err != nil {
		return nil, err
	}
	c := d.files[path]
	if c == nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return &file{d, path, c}, nil
}

// Rename implements outbox.Disk.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.before("rename", to); err != nil {
		return err
	}
	c := d.files[from]
	if c == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	delete(d.files, from)
	d.files[to] = c
	return nil
}

// Remove implements outbox.Disk.
func (d *Disk) Remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.before("remove", path); err != nil {
		return err
	}
	c := d.files[path]
	if c == nil {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrNotExist}
	}
	if d.free >= 0 {
		d.free += int64(len(c.bytes))
	}
	delete(d.files, path)
	return nil
}

// SyncFolder implements outbox.Disk.
func (d *Disk) SyncFolder(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.before("sync folder", path); err != nil {
		return err
	}
	for name := range d.durable {
		if filepath.Dir(name) == filepath.Clean(path) && d.files[name] == nil {
			delete(d.durable, name)
		}
	}
	for name, c := range d.files {
		if filepath.Dir(name) == filepath.Clean(path) {
			d.durable[name] = c
		}
	}
	return nil
}

// Lock implements outbox.Disk.
func (d *Disk) Lock(path string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locks[path] {
		return nil, outbox.ErrLocked
	}
	d.locks[path] = true
	return unlock{d, path}, nil
}

type unlock struct {
	disk *Disk
	path string
}

func (u unlock) Close() error {
	u.disk.mu.Lock()
	defer u.disk.mu.Unlock()
	delete(u.disk.locks, u.path)
	return nil
}

// file is an open file.
type file struct {
	disk    *Disk
	path    string
	content *content
}

func (f *file) ReadAt(p []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.before("read", f.path); err != nil {
		return 0, err
	}
	if at >= int64(len(f.content.bytes)) {
		return 0, io.EOF
	}
	n := copy(p, f.content.bytes[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes as much as there is room for. Like that of os.File it does not
// tell how much that was when it fails.
func (f *file) WriteAt(p []byte, at int64) (int, error) {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.before("write", f.path); err != nil {
		return 0, err
	}
	var err error
	grow := at + int64(len(p)) - int64(len(f.content.bytes))
	if d.free >= 0 && grow > d.free {
		p = p[:max(0, int64(len(p))-(grow-d.free))]
		grow, err = d.free, ErrFull
	}
	if d.free >= 0 && grow > 0 {
		d.free -= grow
	}
	if need := int(at) + len(p); need > len(f.content.bytes) {
		f.content.bytes = append(f.content.bytes, make([]byte, need-len(f.content.bytes))...)
	}
	f.content.clean = min(f.content.clean, int(at))
	n := copy(f.content.bytes[at:], p)
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (f *file) Close() error { return nil }

func (f *file) Size() (int64, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return int64(len(f.content.bytes)), nil
}

func (f *file) Truncate(size int64) error {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.before("truncate", f.path); err != nil {
		return err
	}
	if size > int64(len(f.content.bytes)) {
		return errors.New("simulated disk does not extend files")
	}
	if d.free >= 0 {
		d.free += int64(len(f.content.bytes)) - size
	}
	f.content.bytes = f.content.bytes[:size]
	f.content.clean = min(f.content.clean, int(size))
	return nil
}

func (f *file) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.before("sync", f.path); err != nil {
		return err
	}
	c := f.content
	c.synced = append(c.synced[:c.clean], c.bytes[c.clean:]...)
	c.clean = len(c.synced)
	return nil
}
