package device

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// WithState keeps the attribute values that the cloud wrote, and the device
// accepted, in a folder, so that virtual devices have them again after a
// restart; see [Virtual.Restored]. The folder is made when it is missing, its
// parents are not.
//
// A write is answered 202 only after its values are on stable storage. If they
// cannot be stored it is answered 500 and the attributes keep their old values:
// handlers ran before, and get the write again when the cloud repeats it.
// Values that the program sets itself are not stored, and change nothing of what
// is: what the cloud wrote last comes back.
//
// There is one file for each endpoint and device model, written anew with each
// accepted write: a crash leaves the old values or the new ones. A program that
// runs twice must not use one folder for the same endpoint.
func WithState(dir string) Option {
	return func(c *config) error {
		if dir == "" {
			return errors.New("state: no folder given")
		}
		c.state = dir
		return nil
	}
}

// savedState is what the cloud wrote to one virtual device, by attribute.
type savedState struct {
	store  devicemodel.Store // a folder for each endpoint
	model  *Model
	values []wire.Value // by index of the attribute; zero: nothing stored
}

// stateVersion is the version of the file format.
const stateVersion = 1

// maxStateFile bounds a state file in bytes: the most that a model of the largest
// size can need is far below.
const maxStateFile = devicemodel.MaxSize

// stateFile is the content of a state file.
type stateFile struct {
	Version    int                   `json:"version"`
	Endpoint   string                `json:"endpoint"`
	Model      string                `json:"model"`
	Attributes map[string]stateValue `json:"attributes"`
}

// stateValue is one attribute of a state file: its type in the model, and the
// value as it travels in messages.
type stateValue struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

var (
	errStateVersion = errors.New("the file has another version than this program can read")
	errStateOther   = errors.New("the file belongs to another endpoint or device model")
	errStateType    = errors.New("the attribute has another type in the device model now")
	errStateName    = errors.New("the device model has no such attribute any more")
)

// openState reads what is stored for an endpoint and model. Values that no
// longer fit the model are dropped, a file that makes no sense is put aside;
// both are logged. An error says that the file system gives no answer: to go on
// with defaults would be to forget what was promised.
func openState(dir, endpoint string, m *Model, log *slog.Logger) (*savedState, error) {
	name, err := devicemodel.FileName(endpoint)
	if err != nil {
		return nil, fmt.Errorf("state of %s: %w", endpoint, err)
	}
	folder := "endpoint-" + strings.TrimSuffix(strings.TrimPrefix(name, "dm-"), ".json")
	if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("state: %w", err)
	}
	s := &savedState{store: devicemodel.Store{Dir: filepath.Join(dir, folder)}, model: m, values: make([]wire.Value, len(m.Attributes))}
	data, err := s.store.Read(m.URN)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, nil
	case err != nil:
		return nil, fmt.Errorf("state of %s: %w", endpoint, err)
	}
	file, err := decodeState(data, endpoint, m.URN)
	if err != nil {
		return s, s.putAside(err, log)
	}
	for name, saved := range file.Attributes {
		if err := s.restore(name, saved); err != nil {
			log.Warn("a stored value does not fit the device model and is dropped", "endpoint", endpoint, "urn", m.URN, "attribute", name, "value", string(saved.Value), "error", err)
		}
	}
	return s, nil
}

func decodeState(data []byte, endpoint, urn string) (*stateFile, error) {
	var file stateFile
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	switch {
	case file.Version != stateVersion:
		return nil, fmt.Errorf("version %d: %w", file.Version, errStateVersion)
	case file.Endpoint != endpoint || file.Model != urn:
		return nil, fmt.Errorf("%s, %s: %w", file.Endpoint, file.Model, errStateOther)
	}
	return &file, nil
}

// putAside keeps a file that makes no sense under another name.
func (s *savedState) putAside(why error, log *slog.Logger) error {
	path, err := s.store.Path(s.model.URN)
	if err != nil {
		return err
	}
	aside := path + ".damaged"
	if err := os.Rename(path, aside); err != nil {
		return fmt.Errorf("state: %w (%w)", why, err)
	}
	log.Error("a state file makes no sense: it was put aside, the device begins with defaults", "file", aside, "error", why)
	return nil
}

// restore takes one value of the file.
func (s *savedState) restore(name string, saved stateValue) error {
	for i := range s.model.Attributes {
		a := &s.model.Attributes[i]
		if a.Name != name {
			continue
		}
		if saved.Type != a.Type.String() {
			return fmt.Errorf("%s, stored as %s: %w", a.Type, saved.Type, errStateType)
		}
		members, err := wire.DecodeObject(fmt.Appendf(nil, `{"value":%s}`, saved.Value), nil)
		if err != nil {
			return err
		}
		value, err := convertScalar(name, a.Type, members[0].Value)
		if err == nil {
			err = checkAttribute(a, value)
		}
		if err != nil {
			return err
		}
		s.values[i] = value
		return nil
	}
	return errStateName
}

// save stores the values of a write before it is answered. What is stored
// already costs nothing.
func (s *savedState) save(endpoint string, entries []entry) error {
	next := append([]wire.Value(nil), s.values...)
	changed := false
	for _, e := range entries {
		changed = changed || !next[e.index].Same(e.value)
		next[e.index] = e.value
	}
	if !changed {
		return nil
	}
	return s.replace(endpoint, next)
}

// forget removes values that the program refused after a restart.
func (s *savedState) forget(endpoint string, entries []entry) error {
	next := append([]wire.Value(nil), s.values...)
	for _, e := range entries {
		next[e.index] = wire.Value{}
	}
	return s.replace(endpoint, next)
}

// replace writes the file anew.
func (s *savedState) replace(endpoint string, values []wire.Value) error {
	file := stateFile{Version: stateVersion, Endpoint: endpoint, Model: s.model.URN, Attributes: make(map[string]stateValue)}
	for i, value := range values {
		if !value.IsZero() {
			a := &s.model.Attributes[i]
			file.Attributes[a.Name] = stateValue{a.Type.String(), value.AppendJSON(nil)}
		}
	}
	data, err := json.Marshal(file)
	if err == nil && len(data) > maxStateFile {
		err = fmt.Errorf("%d bytes: %w", len(data), devicemodel.ErrTooLarge)
	}
	if err == nil {
		err = s.store.Write(s.model.URN, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("state of %s: %w", endpoint, err)
	}
	s.values = values
	return nil
}
