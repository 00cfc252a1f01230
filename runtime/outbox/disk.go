package outbox

import "io"

// Disk is where a [Log] has its files. The operating system's is used unless
// Options name another, which is for tests.
//
// Obligations of an implementation: paths are those of package filepath; files
// are not readable for other users; errors for absent files wrap fs.ErrNotExist;
// methods may be called from any goroutine.
type Disk interface {
	// MakeFolder makes sure that a folder and those above it exist.
	MakeFolder(path string) error
	// List names the files in a folder.
	List(path string) ([]string, error)
	// Create opens a file that is new, or emptied.
	Create(path string) (File, error)
	// Open opens a file for reading and writing.
	Open(path string) (File, error)
	// Rename gives a file another name, in place of a file that has it.
	Rename(from, to string) error
	// Remove deletes a file.
	Remove(path string) error
	// SyncFolder flushes the names in a folder.
	SyncFolder(path string) error
	// Lock makes a file that is locked until the Closer is closed or the process
	// ends, and is gone then. [ErrLocked] says that somebody else has it.
	Lock(path string) (io.Closer, error)
}

// File is an open file of a Disk.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Size is the length in bytes.
	Size() (int64, error)
	// Truncate cuts the file to a length.
	Truncate(size int64) error
	// Sync flushes the content.
	Sync() error
}
