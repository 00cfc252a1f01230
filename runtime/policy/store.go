package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Store keeps policies and who has them over restarts.
type Store interface {
	// Policy gives a document as it was saved; the error wraps fs.ErrNotExist
	// if there is none.
	Policy(id string) ([]byte, error)
	// SavePolicy keeps a document in place of an older one with the same id.
	SavePolicy(id string, document []byte) error
	// Associations gives what was saved last; nothing saved is no error.
	Associations() (Associations, error)
	// SaveAssociations keeps associations in place of older ones.
	SaveAssociations(Associations) error
}

// noStore keeps nothing.
type noStore struct{}

func (noStore) Policy(string) ([]byte, error)       { return nil, fs.ErrNotExist }
func (noStore) SavePolicy(string, []byte) error     { return nil }
func (noStore) Associations() (Associations, error) { return Associations{}, nil }
func (noStore) SaveAssociations(Associations) error { return nil }

// DirStore is a Store in a folder: a file for each policy, and
// device-associations.json. The files are those of the official client
// (docs/protocol/policies.md §5.1), except that the id of a policy becomes a
// file name in encoded form. Each file is replaced as a whole. The folder must
// exist.
type DirStore struct{ Dir string }

const associationsFile = "device-associations.json"

// maxStored bounds the file of associations: about 100,000 devices.
const maxStored = 16 << 20

// Policy implements Store.
func (s DirStore) Policy(id string) ([]byte, error) {
	return readFile(filepath.Join(s.Dir, fileName(id)), MaxDocument)
}

// SavePolicy implements Store.
func (s DirStore) SavePolicy(id string, document []byte) error {
	var indented bytes.Buffer
	if err := json.Indent(&indented, document, "", "    "); err != nil {
		return fmt.Errorf("policy store: %w", err)
	}
	if indented.Len() > MaxDocument {
		return replaceFile(filepath.Join(s.Dir, fileName(id)), document)
	}
	return replaceFile(filepath.Join(s.Dir, fileName(id)), indented.Bytes())
}

// Associations implements Store.
func (s DirStore) Associations() (Associations, error) {
	var a Associations
	data, err := readFile(filepath.Join(s.Dir, associationsFile), maxStored)
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err != nil {
		return Associations{}, fmt.Errorf("policy store: %s: %w", associationsFile, err)
	}
	return a, nil
}

// SaveAssociations implements Store.
func (s DirStore) SaveAssociations(a Associations) error {
	data, err := json.MarshalIndent(a, "", "    ")
	if err != nil {
		return fmt.Errorf("policy store: %w", err)
	}
	return replaceFile(filepath.Join(s.Dir, associationsFile), data)
}

// fileName makes a file name of a policy id: letters, digits, "-" and "_" stay,
// every other byte is written as "%" and two digits. A long name becomes a hash.
func fileName(id string) string {
	const digits = "0123456789ABCDEF"
	name := make([]byte, 0, len(id))
	for i := range len(id) {
		c := id[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			name = append(name, c)
			continue
		}
		name = append(name, '%', digits[c>>4], digits[c&15])
	}
	if len(name) > 200 || len(name) == 0 {
		sum := sha256.Sum256([]byte(id))
		return "%" + hex.EncodeToString(sum[:])
	}
	return string(name)
}

func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("policy store: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("policy store: %w", err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("policy store: %s: %w", filepath.Base(path), ErrTooLarge)
	}
	return data, nil
}

// replaceFile writes a file beside the old one and moves it into its place, so
// that a crash leaves one of the two.
func replaceFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".policy-*")
	if err != nil {
		return fmt.Errorf("policy store: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("policy store: %w", errors.Join(err, os.Remove(f.Name())))
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
