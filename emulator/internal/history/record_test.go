package history

import (
	"bytes"
	"slices"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

func FuzzRecord(f *testing.F) {
	m := &Message{ID: wire.NewUUID(), Received: 5, EventTime: -3, Type: wire.TypeData, Source: "0-A", Violations: []string{"a", ""}, JSON: []byte("{}")}
	record := appendRecord(nil, m)
	f.Add(record)
	f.Add(record[:20])
	f.Add(record[:len(record)-4])
	f.Fuzz(func(t *testing.T, record []byte) {
		m, err := parseRecord(record)
		if err != nil {
			return
		}
		again, err := parseRecord(appendRecord(nil, m))
		if err != nil || again.ID != m.ID || again.Received != m.Received || again.Source != m.Source || !slices.Equal(again.Violations, m.Violations) || !bytes.Equal(again.JSON, m.JSON) {
			t.Errorf("%+v after a round trip %+v, %v", m, again, err)
		}
	})
}
