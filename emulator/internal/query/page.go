package query

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrParameter is wrapped by the errors about a parameter's value.
var ErrParameter = errors.New("query: bad parameter")

// Sizes of a page (docs/protocol/management-api.md §1.4).
const (
	DefaultLimit = 10
	MaxLimit     = 200
)

// Page is the part of a collection that a caller wants.
type Page struct {
	Offset int // first record, from 0
	Limit  int // number of records, 1 to [MaxLimit]
}

// ParsePage reads offset and limit. A limit above [MaxLimit] is capped, not refused: the JavaScript client asks for 1000.
func ParsePage(values Values) (Page, error) {
	offset, err := Number(values, "offset", 0)
	if err != nil {
		return Page{}, err
	}
	limit, err := Number(values, "limit", DefaultLimit)
	if err != nil {
		return Page{}, err
	}
	if limit == 0 {
		return Page{}, fmt.Errorf("%w: limit must be at least 1", ErrParameter)
	}
	const maxOffset = 1 << 30 // fits an int of 32 bits
	return Page{Offset: int(min(offset, maxOffset)), Limit: int(min(limit, MaxLimit))}, nil
}

// Number reads a parameter that is a whole number from 0 up, absent is the number otherwise.
func Number(values Values, name string, absent int64) (int64, error) {
	text, ok := values.Lookup(name)
	if !ok {
		return absent, nil
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 {
		return 0, fmt.Errorf("%w: %s=%q, want a whole number from 0 up", ErrParameter, name, shorten(text))
	}
	return number, nil
}

func shorten(text string) string {
	const most = 100
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// Order says how documents are sorted.
type Order []Key

// Key is one criterion of an [Order].
type Key struct {
	Path       string // dotted path of the member
	Descending bool
}

// ParseOrder reads the parameter orderBy: "field", "field:asc" or "field:desc", several with commas between.
func ParseOrder(text string) (Order, error) {
	if text == "" {
		return nil, nil
	}
	var order Order
	for part := range strings.SplitSeq(text, ",") {
		path, direction, _ := strings.Cut(strings.TrimSpace(part), ":")
		if path == "" || strings.Count(path, ".") >= maxPath || direction != "" && !strings.EqualFold(direction, "asc") && !strings.EqualFold(direction, "desc") {
			return nil, fmt.Errorf("%w: orderBy=%q, want field:asc or field:desc", ErrParameter, shorten(text))
		}
		order = append(order, Key{Path: path, Descending: strings.EqualFold(direction, "desc")})
	}
	return order, nil
}

// Sort sorts the documents, keeping the order of equal ones. Documents without the member come first, values of different types
// count as equal.
func (o Order) Sort(docs []map[string]any) {
	if len(o) == 0 {
		return
	}
	paths := make([][]string, len(o))
	for i, key := range o {
		paths[i] = strings.Split(key.Path, ".")
	}
	slices.SortStableFunc(docs, func(a, b map[string]any) int {
		for i, key := range o {
			order := compareAt(a, b, paths[i])
			if key.Descending {
				order = -order
			}
			if order != 0 {
				return order
			}
		}
		return 0
	})
}

func compareAt(a, b map[string]any, path []string) int {
	x, okX := at(a, path)
	y, okY := at(b, path)
	switch {
	case !okX && !okY:
		return 0
	case !okX:
		return -1
	case !okY:
		return 1
	}
	order, ok := compare(x, y)
	if !ok {
		return 0
	}
	return order
}

// at gives the first value at the path.
func at(doc any, path []string) (found any, ok bool) {
	ok = anyAt(doc, path, func(value any) bool { found = value; return true })
	return found, ok
}

// Slice gives the documents of the page and tells whether more follow.
func Slice[T any](all []T, page Page) (items []T, more bool) {
	start := min(page.Offset, len(all))
	end := min(start+page.Limit, len(all))
	return all[start:end], end < len(all)
}
