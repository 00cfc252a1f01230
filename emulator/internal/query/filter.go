package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ErrFilter is wrapped by every error of [ParseFilter].
var ErrFilter = errors.New("query: bad filter")

// Limits of a filter: what no caller of the platform comes near.
const (
	maxFilterText  = 64 << 10
	maxFilterDepth = 32
	maxPath        = 16 // parts of a dotted path
)

// Filter is a condition on documents. The nil Filter matches everything.
type Filter struct{ match func(doc any) bool }

// Match tells whether the document fulfils the condition.
func (f *Filter) Match(doc map[string]any) bool { return f == nil || f.match(doc) }

type condition = func(doc any) bool

// ParseFilter reads the JSON object of the parameter q. The empty text gives the nil Filter. An operator that the language does not
// have, bad JSON, text of more than 64 KiB and nesting of more than 32 levels are errors.
func ParseFilter(text string) (*Filter, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxFilterText {
		return nil, fmt.Errorf("%w: %d bytes, at most %d allowed", ErrFilter, len(text), maxFilterText)
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	var doc any
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFilter, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: text behind the object", ErrFilter)
	}
	match, err := parseObject(doc, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFilter, err)
	}
	return &Filter{match}, nil
}

// parseObject reads {"field": …, "$and": …}: all members hold.
func parseObject(node any, depth int) (condition, error) {
	object, ok := node.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("an object is needed, not %s", describe(node))
	}
	if depth > maxFilterDepth {
		return nil, fmt.Errorf("nested more than %d levels", maxFilterDepth)
	}
	var all []condition
	for name, operand := range object {
		var c condition
		var err error
		switch {
		case name == "$and":
			c, err = parseList(operand, depth, every)
		case name == "$or":
			c, err = parseList(operand, depth, some)
		case name == "$not":
			if c, err = parseList(operand, depth, every); err == nil {
				c = not(c)
			}
		case strings.HasPrefix(name, "$"):
			err = fmt.Errorf("unknown operator %q", name)
		default:
			c, err = parseField(name, operand)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return every(all), nil
}

// parseList reads the operand of $and, $or and $not: a list of objects, or one object in its place, as the Java client writes a
// conjunction of one.
func parseList(operand any, depth int, join func([]condition) condition) (condition, error) {
	list, ok := operand.([]any)
	if !ok {
		list = []any{operand}
	}
	all := make([]condition, 0, len(list))
	for _, element := range list {
		c, err := parseObject(element, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return join(all), nil
}

// parseField reads what stands behind a field: a value that it equals, or an object of operators that all hold.
func parseField(name string, operand any) (condition, error) {
	path := strings.Split(name, ".")
	if len(path) > maxPath {
		return nil, fmt.Errorf("a path of %d parts, at most %d allowed", len(path), maxPath)
	}
	operators, ok := operand.(map[string]any)
	if !ok {
		return onField(path, equals(operand)), nil
	}
	var all []condition
	for operator, value := range operators {
		if operator == "$exists" {
			want, ok := value.(bool)
			if !ok {
				return nil, fmt.Errorf("$exists needs true or false, not %s", describe(value))
			}
			all = append(all, func(doc any) bool { return anyAt(doc, path, func(any) bool { return true }) == want })
			continue
		}
		test, err := parseOperator(operator, value)
		if err != nil {
			return nil, err
		}
		c := onField(path, test)
		if operator == "$ne" { // no element may be equal; a field that is absent matches nothing
			c = every([]condition{onField(path, func(any) bool { return true }), not(onField(path, equals(value)))})
		}
		all = append(all, c)
	}
	return every(all), nil
}

func parseOperator(operator string, operand any) (condition, error) {
	switch operator {
	case "$eq", "$ne":
		return equals(operand), nil
	case "$gt":
		return compares(operand, func(order int) bool { return order > 0 }), nil
	case "$gte":
		return compares(operand, func(order int) bool { return order >= 0 }), nil
	case "$lt":
		return compares(operand, func(order int) bool { return order < 0 }), nil
	case "$lte":
		return compares(operand, func(order int) bool { return order <= 0 }), nil
	case "$in":
		list, ok := operand.([]any)
		if !ok {
			return nil, fmt.Errorf("$in needs a list, not %s", describe(operand))
		}
		return func(value any) bool {
			return slices.ContainsFunc(list, func(element any) bool { return equal(value, element) })
		}, nil
	case "$like":
		pattern, ok := operand.(string)
		if !ok {
			return nil, fmt.Errorf("$like needs a text, not %s", describe(operand))
		}
		parts := strings.Split(pattern, "%")
		return func(value any) bool {
			text, ok := value.(string)
			return ok && like(text, parts)
		}, nil
	}
	return nil, fmt.Errorf("unknown operator %q", operator)
}

func every(all []condition) condition {
	return func(doc any) bool {
		for _, c := range all {
			if !c(doc) {
				return false
			}
		}
		return true
	}
}

func some(all []condition) condition {
	return func(doc any) bool {
		return slices.ContainsFunc(all, func(c condition) bool { return c(doc) })
	}
}

func not(c condition) condition { return func(doc any) bool { return !c(doc) } }

func equals(operand any) condition { return func(value any) bool { return equal(value, operand) } }

func compares(operand any, want func(order int) bool) condition {
	return func(value any) bool {
		order, ok := compare(value, operand)
		return ok && want(order)
	}
}

// like matches text with the parts of a pattern that was split at its percent signs, each of which stands for any text.
func like(text string, parts []string) bool {
	last := len(parts) - 1
	if last == 0 {
		return text == parts[0]
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, parts[last])
}
