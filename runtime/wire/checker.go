package wire

import (
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// checker collects the first thing that is wrong with a message.
type checker struct{ err *InvalidError }

func (c *checker) result() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// add notes an error, if there is one, at a pointer: its first part is literal,
// names follow, which are escaped.
func (c *checker) add(code Code, err error, pointer string, names ...string) {
	if err == nil || c.err != nil {
		return
	}
	at := []byte(pointer)
	for _, name := range names {
		at = appendPointer(at, name)
	}
	c.err = &InvalidError{Pointer: string(at), Code: code, Err: err}
}

func (c *checker) need(pointer string, there bool, code Code) {
	if !there {
		c.add(code, ErrMissing, pointer)
	}
}

// eventTime refuses -1, which Java readers take for no time
// (docs/protocol/messages.md §2).
func (c *checker) eventTime(ms int64) {
	if ms == -1 {
		c.add(CodeOther, ErrNumber, "/eventTime")
	}
}

func (c *checker) properties(properties map[string][]string) {
	if len(properties) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		c.add(CodePropertyName, CheckKey(name), "/properties", name)
		for i, value := range properties[name] {
			c.add(CodePropertyValue, CheckText(value), "/properties", name, strconv.Itoa(i))
		}
	}
}

// checkReceived is CheckValue for the reading end, where null is possible.
func checkReceived(v Value) error {
	if v.IsZero() {
		return nil
	}
	return CheckValue(v)
}

func (c *checker) items(items []Item, code Code, check func(Value) error) {
	for i := range items {
		c.add(code, CheckKey(items[i].Name), "/payload/data", items[i].Name)
		c.add(code, check(items[i].Value), "/payload/data", items[i].Name)
	}
}

func (c *checker) data(p *DataPayload, absent Members, check func(Value) error) {
	c.need("/payload/format", p.Format != "", CodeDataFormat)
	c.need("/payload/data", !absent.Has(MemberData), CodeDataItems)
	if len(p.Items) == 0 {
		c.add(CodeDataItems, ErrEmpty, "/payload/data")
	}
	c.items(p.Items, CodeDataItems, check)
}

func (c *checker) alert(p *AlertPayload, absent Members, check func(Value) error) {
	c.need("/payload/format", p.Format != "", CodeAlertFormat)
	c.need("/payload/data", !absent.Has(MemberData), CodeAlertItems)
	c.items(p.Items, CodeAlertItems, check)
}

// report checks what docs/protocol/messages.md §7.3 demands of a resources
// report.
func (c *checker) report(r *ResourcesReport, absent Members) {
	c.need("/payload/value/reportType", r.ReportType != 0, CodeOther)
	c.need("/payload/value/endpointName", r.EndpointName != "", CodeOther)
	c.need("/payload/value/resources", !absent.Has(MemberResources), CodeOther)
	if r.ReportType == ReportUpdate && len(r.Resources) == 0 {
		c.add(CodeOther, ErrEmpty, "/payload/value/resources")
	}
	for i := range r.Resources {
		c.resource(i, &r.Resources[i])
	}
}

func (c *checker) resource(i int, r *Resource) {
	const resources = "/payload/value/resources"
	var missing string
	switch {
	case r.Name == "":
		missing = "name"
	case r.Path == "":
		missing = "path"
	case len(r.Methods) == 0 && !r.Removed:
		missing = "methods"
	default:
		return
	}
	c.add(CodeOther, ErrMissing, resources, strconv.Itoa(i), missing)
}

// utf8 refuses text that the encoder would have to repair.
func (c *checker) utf8(text, pointer string, names ...string) {
	if !utf8.ValidString(text) {
		c.add(CodeOther, ErrNotUTF8, pointer, names...)
	}
}

// headers checks headers of requests and responses: printable ASCII, names not
// empty and different even in lower case.
func (c *checker) headers(headers map[string][]string) {
	const pointer = "/payload/headers"
	seen := make(map[string]bool, len(headers))
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if name == "" {
			c.add(CodeOther, ErrEmptyKey, pointer, name)
		}
		if lower := lowered(name); seen[lower] {
			c.add(CodeOther, ErrDuplicate, pointer, name)
		} else {
			seen[lower] = true
		}
		c.add(CodeOther, checkPrintable(name), pointer, name)
		for i, value := range headers[name] {
			c.add(CodeOther, checkPrintable(value), pointer, name, strconv.Itoa(i))
		}
	}
}

func checkPrintable(text string) error {
	for i := range len(text) {
		if text[i] < 32 || text[i] > 126 {
			return ErrNotPrintable
		}
	}
	return nil
}
