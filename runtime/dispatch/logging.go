package dispatch

import "log/slog"

// logs are the loggers of the parts of a dispatcher. Each part names itself in the
// attribute "component", as docs/parity.md lists them; what concerns none of them
// goes to the logger of the configuration.
type logs struct{ transmitter, receiver, buffer, requests, outbox *slog.Logger }

func newLogs(log *slog.Logger) logs {
	component := func(name string) *slog.Logger { return log.With("component", name) }
	return logs{
		transmitter: component("transmitter"),
		receiver:    component("receiver"),
		buffer:      component("request-buffer"),
		requests:    component("requests"),
		outbox:      component("outbox"),
	}
}
