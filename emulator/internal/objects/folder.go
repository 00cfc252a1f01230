package objects

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/journal"
)

// folder is where the files of a store are.
type folder struct {
	path    string
	root    *os.Root // nothing outside of it can be reached
	durable bool     // what was written must survive a power failure
}

const partSuffix = ".part" // of files that are being written

// record is what the second file of an object says.
type record struct {
	Name     string            `json:"name"`
	Length   int64             `json:"length"`
	MD5      string            `json:"md5"`
	Modified time.Time         `json:"modified"`
	Type     string            `json:"type"`
	Encoding string            `json:"encoding,omitempty"`
	Metadata map[string][]byte `json:"metadata,omitempty"` // base64 in JSON: need not be UTF-8
}

func recordOf(o Object) record {
	r := record{Name: o.Name, Length: o.Length, MD5: o.MD5, Modified: o.Modified, Type: o.Type, Encoding: o.Encoding}
	if len(o.Metadata) > 0 {
		r.Metadata = make(map[string][]byte, len(o.Metadata))
		for key, value := range o.Metadata {
			r.Metadata[key] = []byte(value)
		}
	}
	return r
}

func (r record) object(number uint64) Object {
	o := Object{Name: r.Name, Length: r.Length, MD5: r.MD5, Modified: r.Modified, number: number, Properties: Properties{Type: r.Type, Encoding: r.Encoding}}
	if len(r.Metadata) > 0 {
		o.Metadata = make(map[string]string, len(r.Metadata))
		for key, value := range r.Metadata {
			o.Metadata[key] = string(value)
		}
	}
	return o
}

func openFolder(path string, durable bool) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &folder{path, root, durable}, nil
}

func contentName(number uint64) string { return strconv.FormatUint(number, 10) }
func recordName(number uint64) string  { return contentName(number) + ".json" }

// content opens the content of an object.
func (f *folder) content(o Object) (*os.File, error) { return f.root.Open(contentName(o.number)) }

// create makes a file for content that comes.
func (f *folder) create(id string) (*os.File, error) {
	return f.root.OpenFile(id+partSuffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// settle brings the content that was written to the disk.
func (f *folder) settle(file *os.File) error {
	if !f.durable {
		return nil
	}
	return file.Sync()
}

// commit makes an object of the content that was written under the id.
func (f *folder) commit(id string, o Object) (err error) {
	text, err := json.Marshal(recordOf(o))
	if err != nil {
		return err
	}
	if err := f.root.Rename(id+partSuffix, contentName(o.number)); err != nil {
		return err
	}
	part := recordName(o.number) + partSuffix
	defer func() {
		if err != nil {
			err = errors.Join(err, f.tidy(recordName(o.number)), f.tidy(part), f.tidy(contentName(o.number)))
		}
	}()
	file, err := f.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, f.settle(file), file.Close()); err != nil {
		return err
	}
	if err := f.root.Rename(part, recordName(o.number)); err != nil {
		return err
	}
	return f.sync()
}

// sync makes names durable.
func (f *folder) sync() error {
	if !f.durable {
		return nil
	}
	return journal.SyncFolder(f.path)
}

// remove takes the files of an object away. A content that is left, as on systems where nothing that is open can be removed, goes when
// the folder is opened again.
func (f *folder) remove(o Object) error {
	if err := f.root.Remove(recordName(o.number)); err != nil {
		return err
	}
	f.root.Remove(contentName(o.number))
	return f.sync()
}

// tidy removes a file that may be there.
func (f *folder) tidy(name string) error {
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// load reads the objects, the oldest first, and removes what uploads left half written. damaged counts objects whose files do not fit
// each other; they are left as they are. last is the highest number in use.
func (f *folder) load() (all []Object, last uint64, damaged int, err error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, 0, 0, err
	}
	var contents []uint64
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasSuffix(name, partSuffix) {
			if err := f.tidy(name); err != nil {
				return nil, 0, 0, err
			}
			continue
		}
		if number, err := strconv.ParseUint(name, 10, 63); err == nil && contentName(number) == name {
			contents, last = append(contents, number), max(last, number)
		}
	}
	for _, number := range contents {
		o, err := f.read(number)
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed, or never complete
			f.root.Remove(contentName(number))
		case err != nil:
			damaged++
		default:
			all = append(all, o)
		}
	}
	return all, last, damaged, nil
}

var errDamaged = errors.New("the files of an object do not fit each other")

func (f *folder) read(number uint64) (Object, error) {
	text, err := f.root.ReadFile(recordName(number))
	if err != nil {
		return Object{}, err
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return Object{}, err
	}
	o := r.object(number)
	info, err := f.root.Stat(contentName(number))
	if err != nil {
		return Object{}, err
	}
	if info.Size() != o.Length || CheckName(o.Name) != nil || o.check() != nil {
		return Object{}, fmt.Errorf("%w: %s", errDamaged, filepath.Join(f.path, contentName(number)))
	}
	return o, nil
}
