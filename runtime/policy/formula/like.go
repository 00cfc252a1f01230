package formula

import "unicode/utf8"

// like tells whether the whole text matches a pattern in which "%" stands for
// any run of characters, "_" for one character, and `\%` and `\_` for themselves
// (docs/protocol/policies.md §11.3). It gives up with ErrLikeSteps.
//
// Only the last "%" is ever tried again with a longer run: what an earlier one
// could give, the last one can take as well. So the steps are at most the
// product of the two lengths.
func like(text, pattern string) (bool, error) {
	t, p := 0, 0
	retryText, retryPattern := 0, -1 // where to go on after the last "%"
	for steps := 0; t < len(text); steps++ {
		if steps == MaxLikeSteps {
			return false, ErrLikeSteps
		}
		if p < len(pattern) && pattern[p] == '%' {
			p++
			retryText, retryPattern = t, p
			continue
		}
		if tn, pn := likeOne(text[t:], pattern[p:]); pn > 0 {
			t += tn
			p += pn
			continue
		}
		if retryPattern < 0 {
			return false, nil
		}
		_, size := utf8.DecodeRuneInString(text[retryText:])
		retryText += size
		t, p = retryText, retryPattern
	}
	for p < len(pattern) && pattern[p] == '%' {
		p++
	}
	return p == len(pattern), nil
}

// likeOne matches one character of the text with one element of the pattern and
// gives the bytes that each takes, or zeros. The text is not empty.
func likeOne(text, pattern string) (int, int) {
	switch {
	case pattern == "":
		return 0, 0
	case pattern[0] == '_':
		_, size := utf8.DecodeRuneInString(text)
		return size, 1
	case pattern[0] == '\\' && len(pattern) > 1 && (pattern[1] == '%' || pattern[1] == '_'):
		if text[0] == pattern[1] {
			return 1, 2
		}
		return 0, 0
	case text[0] == pattern[0]:
		return 1, 1
	}
	return 0, 0
}
