package device

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// componentKey is the key of the attribute that names the part of the device a
// record comes from.
const componentKey = "component"

// LogComponents returns the values of the attribute "component", sorted. Each
// stands for one logger of the Python client; docs/parity.md has the table.
func LogComponents() []string {
	return []string{
		"activation", "connectivity", "delivery", "device", "diagnostics", "dispatcher", "model",
		"outbox", "policy", "policy-device", "receiver", "request-buffer", "requests", "state", "storage",
		"transmitter", "transport", "virtual",
	}
}

// WithLogLevels sets the least level of records by component; see
// [LogComponents]. Components that are not named keep the level of the logger's
// handler. A level below that of the handler works with every handler that, like
// those of log/slog, leaves the decision to its Enabled method. Without
// [WithLogger] nothing is logged at any level.
func WithLogLevels(levels map[string]slog.Level) Option {
	return func(c *config) error {
		known := LogComponents()
		for _, name := range slices.Sorted(maps.Keys(levels)) {
			if !slices.Contains(known, name) {
				return fmt.Errorf("log levels: there is no component %q: use one of %s", name, strings.Join(known, ", "))
			}
		}
		c.levels = maps.Clone(levels)
		return nil
	}
}

// WithLogger makes the device log to l. Every record has an attribute
// "component"; [WithLogLevels] sets levels by it. Secrets, tokens and keys are
// never logged. Without it nothing is.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l == nil {
			return errors.New("the logger is nil")
		}
		c.log = l
		return nil
	}
}

// component is a logger for one part of the device.
func (d *Device) component(name string) *slog.Logger {
	return slog.New(newComponentHandler(d.log.Handler(), d.config.levels, name))
}

// componentHandler puts the component into each record, once: a logger made of
// it that names another component replaces the first.
type componentHandler struct {
	bare   slog.Handler // without the component
	named  slog.Handler // with it
	levels map[string]slog.Level
	name   string
}

func newComponentHandler(bare slog.Handler, levels map[string]slog.Level, name string) *componentHandler {
	return &componentHandler{
		bare:   bare,
		named:  bare.WithAttrs([]slog.Attr{slog.String(componentKey, name)}),
		levels: levels,
		name:   name,
	}
}

// Enabled implements [slog.Handler].
func (h *componentHandler) Enabled(ctx context.Context, level slog.Level) bool {
	if least, ok := h.levels[h.name]; ok {
		return level >= least
	}
	return h.bare.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h *componentHandler) Handle(ctx context.Context, r slog.Record) error {
	return h.named.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h *componentHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	name := h.name
	others := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		if a.Key == componentKey {
			name = a.Value.String()
			continue
		}
		others = append(others, a)
	}
	if name != h.name {
		return newComponentHandler(h.bare.WithAttrs(others), h.levels, name)
	}
	return &componentHandler{bare: h.bare.WithAttrs(others), named: h.named.WithAttrs(others), levels: h.levels, name: name}
}

// WithGroup implements [slog.Handler]. The component stays outside the group.
func (h *componentHandler) WithGroup(group string) slog.Handler {
	return &componentHandler{bare: h.bare.WithGroup(group), named: h.named.WithGroup(group), levels: h.levels, name: h.name}
}
