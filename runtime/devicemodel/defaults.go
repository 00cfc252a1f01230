package devicemodel

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

const maxMillis = 1<<53 - 1 // the largest number of milliseconds that every client can hold exactly

// defaultValue reads the "defaultValue" of a value of type t (docs/protocol/device-models.md §2.3). Level is that of a value which does not
// fit its type.
func (c *checker) defaultValue(p part, t Type, r *Range, level Level) *Default {
	n := p.get("defaultValue")
	if n == nil || t == 0 {
		return nil
	}
	misfit := func(text, remedy string) *Default {
		c.report(n, RuleModel, level, fmt.Sprintf("the default value of %s %s", p.label(), text), remedy)
		return nil
	}
	if want := jsonKind(t); n.kind() != want {
		remedy := fmt.Sprintf("write %s, or leave \"defaultValue\" out", want)
		return misfit(fmt.Sprintf("is %s, %s was expected for %s", n.kind(), want, t), remedy)
	}
	switch t {
	case String:
		return &Default{Text: n.text()}
	case URI:
		if n.text() == "" {
			c.report(n, "M15", level, "the default value of "+p.label()+" is empty, which is no URI", `name a URI, or leave "defaultValue" out`)
			return nil
		}
		return &Default{Text: n.text()}
	case Boolean:
		return &Default{Boolean: n.boolean()}
	case Number:
		v, _ := strconv.ParseFloat(n.number(), 64)
		if math.IsInf(v, 0) {
			return misfit("is too large for a double", "choose a smaller number")
		}
		v = plainZero(v)
		c.defaultInRange(p, n, v, r)
		return &Default{Number: v}
	}
	return c.integerDefault(p, n, t, r, misfit)
}

// integerDefault reads the default of an INTEGER or DATETIME.
func (c *checker) integerDefault(p part, n *node, t Type, r *Range, misfit func(text, remedy string) *Default) *Default {
	low, high := int64(math.MinInt32), int64(math.MaxInt32)
	what := "an integer of 32 bits"
	if t == DateTime {
		low, high = -maxMillis, maxMillis
		what = "a time in milliseconds since 1970, which every client can hold"
	}
	v, whole, fits := parseInteger(n.number())
	switch {
	case !whole:
		return misfit("is "+clip(n.number())+", a whole number was expected for "+t.String(), "write a number without a fraction")
	case !fits || v < low || v > high:
		return misfit("is "+clip(n.number())+", which is not "+what, fmt.Sprintf("choose a number from %d to %d", low, high))
	}
	c.defaultInRange(p, n, float64(v), r)
	return &Default{Integer: v}
}

func (c *checker) defaultInRange(p part, n *node, v float64, r *Range) {
	if r != nil && !r.Contains(v) {
		c.report(n, "M08", c.strict(), fmt.Sprintf("the default value %s of %s lies outside its range %s", clip(n.number()), p.label(), r),
			"choose a default value inside the range, or widen the range")
	}
}

// String gives the bounds as a model writes them: "0,100".
func (r Range) String() string { return formatNumber(r.Low) + "," + formatNumber(r.High) }

func jsonKind(t Type) kind {
	switch t {
	case String, URI:
		return textKind
	case Boolean:
		return booleanKind
	}
	return numberKind
}

func clip(number string) string {
	const most = 40
	if len(number) > most {
		return number[:most] + "…"
	}
	return number
}

// parseInteger gives the value of a JSON number that is whole, such as 5, 5.0 or 5e1, exactly. Whole tells whether it has no fraction,
// fits whether it fits 64 bits.
func parseInteger(number string) (v int64, whole, fits bool) {
	digits, exponent := splitNumber(number)
	if digits == "" {
		return 0, true, true
	}
	if exponent < 0 {
		return 0, false, false
	}
	if len(digits)+exponent > 19 {
		return 0, true, false
	}
	if number[0] == '-' {
		digits = "-" + digits
	}
	v, err := strconv.ParseInt(digits+strings.Repeat("0", exponent), 10, 64)
	return v, true, err == nil
}

// splitNumber gives the digits of a JSON number without zeros at either end, "" for zero, and the power of ten behind them.
func splitNumber(number string) (digits string, exponent int) {
	mantissa, power := strings.TrimPrefix(number, "-"), ""
	if i := strings.IndexAny(mantissa, "eE"); i >= 0 {
		mantissa, power = mantissa[:i], mantissa[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	trimmed := strings.TrimRight(digits, "0")
	if trimmed == "" {
		return "", 0
	}
	const bound = 1 << 28 // beyond the longest text; keeps sums within an int of 32 bits
	if power != "" {
		e, err := strconv.ParseInt(power, 10, 32)
		if err != nil || e > bound || e < -bound {
			e = bound
			if power[0] == '-' {
				e = -bound
			}
		}
		exponent = int(e)
	}
	return trimmed, exponent - len(fraction) + len(digits) - len(trimmed)
}
