package lint

import "strings"

// Nearest finds the choice that word was probably meant to be: the one that the fewest inserted, left out, replaced or swapped letters
// away, case ignored. It gives "" when nothing is near: at most one letter in three may differ, and never more than three. Of several
// equally near choices it takes the first.
func Nearest(word string, choices []string) string {
	if len(word) > 64 {
		return "" // no choice is that long, and the time is quadratic
	}
	best, limit := "", min(len(word)/3, 3)+1
	for _, c := range choices {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < limit {
			best, limit = c, d
		}
	}
	return best
}

// distance counts the letters to insert, leave out, replace or swap with their neighbour (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			differ := 1
			if x[i-1] == y[j-1] {
				differ = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+differ)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
