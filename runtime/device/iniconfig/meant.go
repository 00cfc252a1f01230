package iniconfig

import "fmt"

// meant is a hint at the name that was probably meant, or "".
func meant(text string, names []string, format string) string {
	best, least := "", 1+len(text)/3
	for _, name := range names {
		if d := distance(text, name); d <= least && (best == "" || d < least) {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean "+format+"?", best)
}

// distance is the number of letters to put in, take out or replace (Levenshtein).
func distance(a, b string) int {
	const longest = 100 // longer names are no slips of ours
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := diagonal
			if a[i] != b[j] {
				next = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
