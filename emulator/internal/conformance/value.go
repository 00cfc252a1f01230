package conformance

import (
	"fmt"
	"math"
	"time"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// maxDate bounds a DATETIME so that a double holds it exactly (docs/protocol/device-models.md §2.1).
const maxDate = 1<<53 - 1

// value says why v is no value of the type within the range, "" if it is one.
func value(t devicemodel.Type, r *devicemodel.Range, v wire.Value) string {
	if v.IsZero() {
		return "is null"
	}
	switch t {
	case devicemodel.Integer:
		n, ok := v.AsInteger()
		if !ok || n < math.MinInt32 || n > math.MaxInt32 {
			return "is " + describe(v) + ", not an INTEGER of 32 bits"
		}
		return within(r, float64(n))
	case devicemodel.Number:
		n, ok := v.AsNumber()
		if !ok {
			return "is " + describe(v) + ", not a NUMBER"
		}
		return within(r, n)
	case devicemodel.Boolean:
		if v.Kind() != wire.KindBoolean {
			return "is " + describe(v) + ", not a BOOLEAN"
		}
	case devicemodel.DateTime:
		if !isDate(v) {
			return "is " + describe(v) + ", not a DATETIME (milliseconds since 1970)"
		}
	case devicemodel.String, devicemodel.URI:
		if v.Kind() != wire.KindString {
			return "is " + describe(v) + ", not a " + t.String()
		}
		if t == devicemodel.URI && v.Text() == "" {
			return "is an empty URI"
		}
	}
	return ""
}

func within(r *devicemodel.Range, n float64) string {
	if r == nil || r.Contains(n) {
		return ""
	}
	return fmt.Sprintf("is %v, outside of its range %v to %v", n, r.Low, r.High)
}

// isDate takes milliseconds, and the ISO text that a JavaScript application may send (docs/protocol/messages.md §6).
func isDate(v wire.Value) bool {
	if n, ok := v.AsInteger(); ok {
		return -maxDate <= n && n <= maxDate
	}
	_, ok := parseDate(v.Text())
	return ok
}

func parseDate(text string) (ms int64, ok bool) {
	date, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, false
	}
	return date.UnixMilli(), true
}

// describe shows a value in at most some 60 bytes.
func describe(v wire.Value) string {
	if v.Kind() == wire.KindString {
		return fmt.Sprintf("%.40q", v.Text())
	}
	return string(v.AppendJSON(nil))
}
