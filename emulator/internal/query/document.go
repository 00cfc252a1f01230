package query

import (
	"cmp"
	"slices"
	"strings"
)

// onField makes a condition on a document of one on the value at a path.
func onField(path []string, test condition) condition {
	return func(doc any) bool { return anyAt(doc, path, test) }
}

// anyAt follows the path into the document, through the elements of lists, and tells whether the test holds for a value at its end. A
// list at the end counts as its elements and as itself. A member whose name holds dots is found too: "metadata.a.b" as the member
// "a.b" of "metadata".
func anyAt(node any, path []string, test condition) bool {
	if list, ok := node.([]any); ok {
		if len(path) == 0 && test(node) {
			return true
		}
		return slices.ContainsFunc(list, func(element any) bool { return anyAt(element, path, test) })
	}
	if len(path) == 0 {
		return test(node)
	}
	object, ok := node.(map[string]any)
	if !ok {
		return false
	}
	if member, ok := object[path[0]]; ok && anyAt(member, path[1:], test) {
		return true
	}
	for n := 2; n <= len(path); n++ {
		if member, ok := object[strings.Join(path[:n], ".")]; ok && anyAt(member, path[n:], test) {
			return true
		}
	}
	return false
}

func equal(a, b any) bool {
	if a == nil || b == nil {
		return a == b
	}
	if x, ok := a.(bool); ok {
		y, ok := b.(bool)
		return ok && x == y
	}
	order, ok := compare(a, b)
	return ok && order == 0
}

// compare orders two numbers or two texts. Other pairs have no order.
func compare(a, b any) (int, bool) {
	if x, ok := a.(string); ok {
		y, ok := b.(string)
		return strings.Compare(x, y), ok
	}
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y), true
		}
	}
	x, okX := number(a)
	y, okY := number(b)
	return cmp.Compare(x, y), okX && okY
}

func number(value any) (float64, bool) {
	switch value := value.(type) {
	case float64:
		return value, true
	case int64:
		return float64(value), true
	}
	return 0, false
}

func describe(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case float64:
		return "a number"
	case string:
		return "a text"
	case []any:
		return "a list"
	}
	return "an object"
}
