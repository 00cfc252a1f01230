package modelschema

import (
	"cmp"
	"strconv"
	"strings"
)

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// at gives the value that a pointer names in a decoded JSON text; nil when there is none.
func at(v any, pointer string) any {
	if pointer == "" {
		return v
	}
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch container := v.(type) {
		case map[string]any:
			v = container[unescape.Replace(step)]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(container) {
				return nil
			}
			v = container[i]
		default:
			return nil
		}
	}
	return v
}

// comparePointers orders pointers step by step, list indexes by number.
func comparePointers(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, "/")
		y, b, _ = strings.Cut(b, "/")
		i, errX := strconv.Atoi(x)
		j, errY := strconv.Atoi(y)
		d := strings.Compare(x, y)
		if errX == nil && errY == nil {
			d = cmp.Compare(i, j)
		}
		if d != 0 {
			return d
		}
	}
	return cmp.Compare(len(a), len(b))
}
