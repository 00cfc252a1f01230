package devicemodel

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

const rangeRemedy = `write two numbers, low then high, with one comma and no blanks: "0,100"`

// valueRange reads the "range" of a value of type t (docs/protocol/device-models.md §2.2).
func (c *checker) valueRange(p part, t Type) *Range {
	n := p.value("range")
	switch {
	case n == nil || t == 0:
		return nil
	case n.kind() != textKind:
		c.mistyped(p, n, `a text such as "0,100"`, rangeRemedy)
		return nil
	case !t.Numeric():
		c.report(n, "M06", c.strict(), fmt.Sprintf("%s has a range, but only NUMBER and INTEGER can have one, not %s", p.label(), t), "delete the range")
		return nil
	}
	text := n.text()
	r, problem := parseRange(text)
	if problem != "" {
		c.report(n, "M06", Error, fmt.Sprintf("the range %s of %s %s", quote(text), p.label(), problem), rangeRemedy)
		return nil
	}
	if strings.Contains(text, "e") {
		c.report(n, "M13", Warning,
			fmt.Sprintf("the range %s of %s has an exponent with a small e, which the Java client reads up to the e only", quote(text), p.label()),
			"write a capital E, or no exponent")
	}
	if t == Integer && !holdsInteger(r) {
		c.report(n, "M07", Error, fmt.Sprintf("no 32-bit integer lies in the range %s of %s", quote(text), p.label()), "widen the range, or make the type NUMBER")
	}
	return &r
}

// parseRange reads "low,high". The problem continues a sentence that begins with the range.
func parseRange(text string) (r Range, problem string) {
	if text == "" {
		return r, "is empty"
	}
	if strings.ContainsAny(text, " \t\r\n") {
		return r, "holds a blank"
	}
	switch n := strings.Count(text, ","); n {
	case 0:
		return r, "has no comma: two numbers are needed"
	case 1:
	default:
		return r, fmt.Sprintf("has %d parts, two are needed", n+1)
	}
	var v [2]float64
	for i, end := range strings.Split(text, ",") {
		if end == "" {
			return r, "has an open end, which the platform does not know"
		}
		if !isDecimal(end) {
			return r, fmt.Sprintf("holds %s, which is no decimal number", quote(end))
		}
		v[i], _ = strconv.ParseFloat(end, 64)
		if math.IsInf(v[i], 0) {
			return r, fmt.Sprintf("holds %s, which is too large for a double", quote(end))
		}
		v[i] = plainZero(v[i])
	}
	if v[0] > v[1] {
		return r, "is reversed: its low end is above its high end"
	}
	return Range{Low: v[0], High: v[1]}, ""
}

// isDecimal tells whether text is -?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?
func isDecimal(text string) bool {
	text = strings.TrimPrefix(text, "-")
	text, ok := cutDigits(text)
	if !ok {
		return false
	}
	if strings.HasPrefix(text, ".") {
		if text, ok = cutDigits(text[1:]); !ok {
			return false
		}
	}
	if text != "" && (text[0] == 'e' || text[0] == 'E') {
		text = text[1:]
		if text != "" && (text[0] == '-' || text[0] == '+') {
			text = text[1:]
		}
		text, ok = cutDigits(text)
	}
	return ok && text == ""
}

func cutDigits(text string) (rest string, ok bool) {
	n := 0
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	return text[n:], n > 0
}

func holdsInteger(r Range) bool {
	return max(math.Ceil(r.Low), math.MinInt32) <= min(math.Floor(r.High), math.MaxInt32)
}

// plainZero makes -0 a 0, so that equal numbers have equal bits and texts.
func plainZero(v float64) float64 {
	if v == 0 {
		return 0
	}
	return v
}
