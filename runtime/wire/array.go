package wire

// SplitArray gives the elements of a JSON array, such as the body of
// POST /messages (docs/protocol/messages.md §1), each checked to be JSON and
// each a part of data without white space around it. White space between them
// is allowed, anything behind the array is not. The elements are capped: to
// append to one does not write into the next.
//
// The error is a *DecodeError with Code CodeSyntax or, for text that is JSON but
// no array, CodeOther; the elements before the offending byte come with it, for
// a reader that keeps what it can.
func SplitArray(data []byte) ([][]byte, error) {
	d := decoder{scanner: scanner{text: string(data)}}
	if d.peek() != '[' {
		d.wrong(CodeOther)
		return nil, d.failure(&Message{})
	}
	d.open()
	elements := [][]byte{}
	for ok := d.element(true); ok; ok = d.element(false) {
		start := d.pos
		if d.skip() {
			elements = append(elements, data[start:d.pos:d.pos])
		}
	}
	d.finish()
	return elements, d.failure(&Message{})
}
