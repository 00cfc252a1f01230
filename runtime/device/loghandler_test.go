package device

import (
	"bytes"
	"log/slog"
	"testing"
)

// TestComponentHandler: the component stands in a record once, outside of groups,
// and a part of a part replaces it.
func TestComponentHandler(t *testing.T) {
	var b bytes.Buffer
	plain := slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && groups == nil {
			return slog.Attr{}
		}
		return a
	}})
	log := slog.New(newComponentHandler(plain, map[string]slog.Level{"loud": slog.LevelDebug}, "dispatcher"))
	tests := []struct {
		name string
		log  func()
		want string
	}{
		{"plain", func() { log.Info("m", "a", 1) }, "level=INFO msg=m component=dispatcher a=1\n"},
		{"with attributes", func() { log.With("b", 2).Info("m", "a", 1) }, "level=INFO msg=m component=dispatcher b=2 a=1\n"},
		{"in a group", func() { log.With("b", 2).WithGroup("g").Info("m", "a", 1) }, "level=INFO msg=m component=dispatcher b=2 g.a=1\n"},
		{"replaced", func() { log.With("b", 2, "component", "receiver", "c", 3).Info("m") }, "level=INFO msg=m b=2 c=3 component=receiver\n"},
		{"below the level", func() { log.Debug("m") }, ""},
		{"level of the other", func() { log.With("component", "loud").Debug("m") }, "level=DEBUG msg=m component=loud\n"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			b.Reset()
			tc.log()
			if b.String() != tc.want {
				t.Errorf("%q, want %q", b.String(), tc.want)
			}
		})
	}
}
