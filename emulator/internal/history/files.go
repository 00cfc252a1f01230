package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/emulator/internal/journal"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// files are the journals of a history in its folder: messages-00000001.log and so on, and the values that older, deleted ones gave.
type files struct {
	dir     string
	current *journal.Journal
	number  int      // of the current file
	limit   int64    // size at which a new file is begun
	former  []former // files that are not written any more, the oldest first
}

type former struct {
	path string
	last uint64 // sequence number of its last message
}

const (
	filePattern = "messages-%08d.log"
	valuesName  = "values.log"
	minFileSize = 1 << 20
	parts       = 8 // files in which the messages lie, about
)

// Open reads the history that is kept in the folder, which exists, or begins one there. lost is the number of bytes that a crash had
// left half written and that were cut off.
func Open(dir string, limits Limits) (h *History, lost int64, err error) {
	h = New(limits)
	f := &files{dir: dir, limit: max(minFileSize, h.limits.Bytes/parts)}
	learned, err := h.readValues(filepath.Join(dir, valuesName))
	if err != nil {
		return nil, 0, err
	}
	h.last = learned
	paths, err := filepath.Glob(filepath.Join(dir, "messages-*.log"))
	if err != nil {
		return nil, 0, fmt.Errorf("history: %w", err)
	}
	slices.Sort(paths)
	for i, path := range paths {
		j, cut, err := journal.Open(path, func(record []byte) error { return h.replay(record, learned) })
		if err != nil {
			return nil, 0, fmt.Errorf("history: %w", err)
		}
		lost += cut
		if _, err := fmt.Sscanf(filepath.Base(path), filePattern, &f.number); err != nil {
			return nil, 0, errors.Join(fmt.Errorf("history: %s: %w", path, err), j.Close())
		}
		if i == len(paths)-1 {
			f.current = j
			break
		}
		f.former = append(f.former, former{path, h.next - 1})
		if err := j.Close(); err != nil {
			return nil, 0, fmt.Errorf("history: %w", err)
		}
	}
	if f.current == nil {
		if err := f.begin(); err != nil {
			return nil, 0, err
		}
	}
	h.evict()
	h.files = f
	return h, lost, nil
}

func (h *History) replay(record []byte, learned int64) error {
	m, err := parseRecord(record)
	if err != nil {
		return err
	}
	if m.client != (clientKey{}) && !m.ToDevice {
		h.seen[m.sender()] = struct{}{}
	}
	h.last = max(h.last, m.Received)
	h.put(m)
	h.evict()
	if m.Received <= learned || m.Type != wire.TypeData {
		return nil
	}
	decoded, err := wire.DecodeMessage(m.JSON)
	if err != nil {
		return err
	}
	h.learn(m, decoded)
	return nil
}

// begin opens the next file.
func (f *files) begin() (err error) {
	f.number++
	f.current, _, err = journal.Open(f.path(), func([]byte) error { return nil })
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

func (f *files) path() string { return filepath.Join(f.dir, fmt.Sprintf(filePattern, f.number)) }

// keep writes the messages to the current file. It is for the holder of the lock.
func (h *History) keep(messages []*Message) error {
	if h.files == nil {
		return nil
	}
	f := h.files
	if f.current.Size() > f.limit {
		if err := h.rotate(); err != nil {
			return err
		}
	}
	h.record = h.record[:0]
	var ends []int
	for _, m := range messages {
		if m != nil {
			h.record = appendRecord(h.record, m)
			ends = append(ends, len(h.record))
		}
	}
	records := make([][]byte, len(ends))
	start := 0
	for i, end := range ends {
		records[i] = h.record[start:end]
		start = end
	}
	if err := f.current.Append(records...); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if cap(h.record) > 1<<20 {
		h.record = nil
	}
	return nil
}

// rotate begins a new file and deletes those whose messages are all gone. The values that they gave are saved first.
func (h *History) rotate() error {
	f := h.files
	if err := f.current.Close(); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	f.former = append(f.former, former{f.path(), h.next - 1})
	if err := f.begin(); err != nil {
		return err
	}
	oldest := h.next
	if len(h.messages) > 0 {
		oldest = h.messages[0].Seq
	}
	if f.former[0].last >= oldest {
		return nil
	}
	if err := h.saveValues(); err != nil {
		return err
	}
	for len(f.former) > 0 && f.former[0].last < oldest {
		if err := os.Remove(f.former[0].path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("history: %w", err)
		}
		f.former = f.former[1:]
	}
	return nil
}

// Close saves what belongs on the disk. Nothing can be added any more to a history with a folder.
func (h *History) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.files == nil {
		return nil
	}
	return errors.Join(h.saveValues(), h.files.current.Close())
}

// savedValues is a record of the file with the values. The first has Until only: the values are those of all messages up to there.
type savedValues struct {
	Until  int64                 `json:"until,omitempty"`
	Device string                `json:"device,omitempty"`
	Model  string                `json:"model,omitempty"`
	Values map[string]savedValue `json:"values,omitempty"`
}

type savedValue struct {
	Value    json.RawMessage `json:"v"`
	Received int64           `json:"t"`
}

// saveValues is for the holder of the lock.
func (h *History) saveValues() error {
	err := journal.Write(filepath.Join(h.files.dir, valuesName), func(add func([]byte) error) error {
		put := func(s savedValues) error {
			text, err := json.Marshal(s)
			if err != nil {
				return err
			}
			return add(text)
		}
		if err := put(savedValues{Until: h.last}); err != nil {
			return err
		}
		for key, values := range h.values {
			saved := make(map[string]savedValue, len(values))
			for name, value := range values {
				saved[name] = savedValue{value.Value.AppendJSON(nil), value.Received}
			}
			if err := put(savedValues{Device: key.device, Model: key.model, Values: saved}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// readValues gives the arrival time up to which the values are those of the messages.
func (h *History) readValues(path string) (until int64, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	j, _, err := journal.Open(path, func(record []byte) error {
		var s savedValues
		if err := json.Unmarshal(record, &s); err != nil {
			return err
		}
		until = max(until, s.Until)
		if s.Model == "" {
			return nil
		}
		values := make(map[string]*Value, len(s.Values))
		for name, saved := range s.Values {
			value, err := parseValue(saved.Value)
			if err != nil {
				return err
			}
			values[name] = &Value{value, saved.Received}
		}
		h.values[valuesKey{s.Device, s.Model}] = values
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("history: %w", err)
	}
	return until, j.Close()
}

func parseValue(text json.RawMessage) (wire.Value, error) {
	members, err := wire.DecodeObject(fmt.Appendf(nil, `{"v":%s}`, text), nil)
	if err != nil {
		return wire.Value{}, err
	}
	switch v := members[0].Value; v.Kind {
	case wire.ScalarBoolean:
		return wire.BooleanValue(v.Boolean), nil
	case wire.ScalarNumber:
		return wire.NumberValue(v.Number), nil
	case wire.ScalarString:
		return wire.StringValue(strings.Clone(v.Text)), nil
	}
	return wire.Value{}, nil
}
