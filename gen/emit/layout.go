package emit

import "bytes"

// layout gives code the layout of gofmt. It knows the code of this package only: each statement on a line of its own, with the blanks
// inside the line as they should be, so that what is missing are tabs. go/format would take four fifths of the generator's time for that;
// it is used where columns are to be aligned. Tests hold both ways to go/format.
func layout(src []byte) []byte {
	out := make([]byte, 0, len(src)+len(src)/8+sumSize)
	depth, empty := 0, false
	for line := range bytes.Lines(src) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			empty = len(out) > 0
			continue
		}
		if empty {
			out = append(out, '\n')
			empty = false
		}
		comment := bytes.HasPrefix(line, []byte("//"))
		tabs := depth
		if !comment && (line[0] == '}' || line[0] == ')') {
			depth--
			tabs = depth
		}
		if bytes.HasPrefix(line, []byte("case ")) {
			tabs--
		}
		for range tabs {
			out = append(out, '\t')
		}
		out = append(append(out, line...), '\n')
		if last := line[len(line)-1]; !comment && (last == '{' || last == '(') {
			depth++
		}
	}
	return out
}
