package emulatortest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
)

const (
	maxExchanges = 200  // kept for the log
	maxShown     = 2000 // bytes of a body
)

// traffic keeps the last exchanges for the log of a test that fails.
type traffic struct {
	mu      sync.Mutex
	last    []emulator.Exchange
	dropped int
}

func (t *traffic) note(e emulator.Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.last) == maxExchanges {
		t.last = append(t.last[:0], t.last[1:]...)
		t.dropped++
	}
	t.last = append(t.last, e)
}

// String shows the exchanges, the oldest first.
func (t *traffic) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var text strings.Builder
	fmt.Fprintf(&text, "emulatortest: traffic, %d exchanges", len(t.last)+t.dropped)
	if t.dropped > 0 {
		fmt.Fprintf(&text, ", the last %d", len(t.last))
	}
	for i := range t.last {
		e := &t.last[i]
		fmt.Fprintf(&text, "\n%s %s %s -> %d after %v", e.Start.Format("15:04:05.000"), e.Method, e.URL, e.Status, e.Duration.Round(time.Millisecond/10))
		proof := strings.Contains(e.URL, "/oauth2/token") || strings.Contains(e.URL, "/provisioner/storage") // assertions and tokens do not belong into logs
		if !proof {
			show(&text, ">", e.RequestBody)
		}
		if !proof || e.Status != http.StatusOK {
			show(&text, "<", e.ResponseBody)
		}
	}
	return text.String()
}

func show(text *strings.Builder, mark string, body []byte) {
	if len(body) == 0 || string(body) == "[]" {
		return
	}
	more := ""
	if len(body) > maxShown {
		body, more = body[:maxShown], fmt.Sprintf(" … of %d bytes", len(body))
	}
	fmt.Fprintf(text, "\n  %s %s%s", mark, body, more)
}
