package device

import (
	"bytes"
	"log/slog"
	"os"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// FuzzStateFile: whatever stands in a state file, the device begins with values
// that fit its model, or says that the file makes no sense and keeps it; and what
// it stores then is there at the next start.
func FuzzStateFile(f *testing.F) {
	f.Add([]byte(`{"version":1,"endpoint":"0-AB","model":"urn:x","attributes":{"on":{"type":"BOOLEAN","value":true},"target":{"type":"INTEGER","value":5}}}`))
	f.Add([]byte(`{"version":1,"endpoint":"0-AB","model":"urn:x","attributes":{"target":{"type":"INTEGER","value":{"value":1}},"text":{"type":"STRING","value":"\ud800"}}}`))
	f.Add([]byte(`{"version":1,"endpoint":"0-AB","model":"urn:x","attributes":{"target":{"type":"INTEGER"},"text":{"type":"STRING","value":null}}}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(``))
	m := &Model{URN: "urn:x", Attributes: []Attribute{
		{Name: "on", Type: TypeBoolean},
		{Name: "target", Type: TypeInteger, Range: &Range{Low: 0, High: 10}},
		{Name: "text", Type: TypeString},
	}}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		empty, err := openState(dir, "0-AB", m, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		path, err := empty.store.Path(m.URN)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(empty.store.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		s, err := openState(dir, "0-AB", m, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		for i, value := range s.values {
			if !value.IsZero() && checkAttribute(&m.Attributes[i], value) != nil {
				t.Errorf("%s is %v", m.Attributes[i].Name, value)
			}
		}
		if _, err := os.Stat(path); err != nil { // put aside
			if kept, err := os.ReadFile(path + ".damaged"); err != nil || !bytes.Equal(kept, data) || log.Len() == 0 {
				t.Errorf("the file is lost: %q, %v, log %s", kept, err, &log)
			}
		}
		if err := s.save("0-AB", []entry{{index: 1, value: wire.IntegerValue(7)}}); err != nil {
			t.Fatal(err)
		}
		again, err := openState(dir, "0-AB", m, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.values {
			if s.values[i] != again.values[i] {
				t.Errorf("%s was %v, is %v", m.Attributes[i].Name, s.values[i], again.values[i])
			}
		}
	})
}
