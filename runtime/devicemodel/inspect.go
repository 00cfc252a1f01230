package devicemodel

// Document is one device model of a text that [Inspect] has read.
type Document struct {
	Model   *Model // nil when the model has a finding of level Error
	URN     string // the model's URN even when Model is nil; "" when it could not be read
	Offset  int64  // byte offset of the model's opening brace in the input
	Pointer string // "" for a single model, "/3" in a list, "/items/3" in a page; pointers of its findings begin with it
	Raw     []byte // the model's text, a part of the input
}

// Inspect reads device models for a generator: one model, a list of models, or a page {"items": […]} of a server's reply. It reports in
// one run what is wrong with all of them by the rules M01 to M11, M13 (all but the file name), M14 and M15, in the order of the text;
// at most 1000 warnings, then one that counts the rest, and at most 1000 errors, after which it stops reading.
//
// After a fatal error of syntax there are no documents, after 1000 errors there are no further ones. Inspect and [Load] differ only in what they call an error (see Load).
// The documents share memory with data.
func Inspect(data []byte) (docs []Document, found []Finding) {
	c := checker{generator: true}
	start, ok := c.read(data)
	if !ok {
		return nil, c.found.sorted()
	}
	broken := c.found.offsets() // of duplicate names
	for doc := range c.documents(root(data, start)) {
		before := c.found.errors
		m, urn := c.document(doc)
		if c.found.errors > before || within(broken, doc) {
			m = nil
		}
		docs = append(docs, Document{Model: m, URN: urn, Offset: int64(doc.start), Pointer: doc.pointer(), Raw: doc.raw()})
		if c.found.full() {
			break
		}
	}
	return docs, c.found.sorted()
}

// documents calls yield for each model of the text.
func (c *checker) documents(top *node) func(yield func(*node) bool) {
	list := top
	switch top.kind() {
	case objectKind:
		o := top.object()
		items := o.get("items")
		if o.get("urn") != nil || items == nil || items.kind() != listKind {
			return func(yield func(*node) bool) { yield(top) }
		}
		list = items
	case listKind:
	default:
		return func(yield func(*node) bool) { yield(top) }
	}
	if list.empty() {
		c.report(list, RuleModel, Warning, "the list holds no device model", "check where it comes from")
	}
	return list.elements
}

// offsets gives the places of the findings so far.
func (f *findings) offsets() []int64 {
	var all []int64
	for _, n := range f.list {
		all = append(all, n.Offset)
	}
	return all
}

func within(offsets []int64, n *node) bool {
	for _, o := range offsets {
		if int64(n.start) <= o && o < int64(n.end) {
			return true
		}
	}
	return false
}

// Locate finds the byte offset of the value that an RFC 6901 pointer names, for findings of other readers that know pointers only.
// A pointer to a member that does not exist gives the offset of the nearest value around it, and ok is false; so is it for a text that is
// not JSON.
func Locate(data []byte, pointer string) (offset int64, ok bool) {
	var c checker
	start, ok := c.read(data)
	if !ok {
		return 0, false
	}
	n, ok := root(data, start).descend(pointer)
	return int64(n.start), ok
}
