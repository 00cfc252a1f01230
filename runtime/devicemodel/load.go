package devicemodel

import (
	"bytes"
	"fmt"
)

// MaxSize is the most bytes that [Load], [Inspect] and [Store.Read] take: 16 MiB. The largest known real model has 30 kB.
const MaxSize = 16 << 20

var tooLargeText = fmt.Sprintf("the text is larger than %d bytes", MaxSize)

// LoadOption changes what [Load] takes.
type LoadOption func(*checker)

// AllowDrafts makes [Load] take a draft (docs/protocol/device-models.md §8). Use it for devices that were configured so, and for models
// out of a local store, where the draft flag is not looked at (§9).
func AllowDrafts() LoadOption { return func(c *checker) { c.allowDrafts = true } }

// Load reads one device model for use by a device.
//
// It is as tolerant as a device can be without guessing (docs/protocol/device-models.md §2 to §12). A warning, not an error, is: a range
// on a type that has none (ignored); a default value outside its range (kept); an alias that is not unique (dropped); a field without
// "optional" (mandatory); a default value of a field that does not fit (dropped); formats that are not expanded, or no list (no formats).
// Unknown members are ignored. A byte order mark is skipped. Everything else that the rules call an error is an error: then the model is
// nil and err is a [*LoadError] that holds all findings, the warnings as well.
//
// Load does not keep data. It checks at most [MaxSize] bytes and never runs longer than linear in their number.
func Load(data []byte, opts ...LoadOption) (m *Model, warnings []Finding, err error) {
	c := checker{}
	for _, opt := range opts {
		opt(&c)
	}
	urn := ""
	if start, ok := c.read(data); ok {
		m, urn = c.document(root(data, start))
	}
	found := c.found.sorted()
	if c.found.errors > 0 {
		return nil, nil, &LoadError{URN: urn, Findings: found}
	}
	return m, found, nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// read checks size and syntax and tells where the JSON text starts.
func (c *checker) read(data []byte) (start int, ok bool) {
	if len(data) > MaxSize {
		c.found.add(Finding{Rule: RuleSyntax, Level: Error, Offset: MaxSize, Text: tooLargeText,
			Remedy: "check where it comes from: a device model has some kilobytes"})
		return 0, false
	}
	if bytes.HasPrefix(data, byteOrderMark) {
		start = len(byteOrderMark)
	}
	if text, remedy := recognise(data[start:]); text != "" {
		c.found.add(Finding{Rule: RuleSyntax, Level: Error, Offset: int64(start), Text: text, Remedy: remedy})
		return 0, false
	}
	return start, scan(data, start, &c.found)
}
