package wire

// lists reads an object of arrays of strings: headers and properties.
func (d *decoder) lists(lower bool) map[string][]string {
	if _, ok := d.begin(CodeOther); !ok {
		return nil
	}
	var lists map[string][]string
	for t, ok := d.member(true); ok; t, ok = d.member(false) {
		name := d.name(t)
		if lower {
			name = lowered(name)
		}
		values := d.list()
		if lists == nil {
			lists = make(map[string][]string)
		}
		if before, repeated := lists[name]; repeated {
			values = append(before, values...)
		}
		lists[name] = values
	}
	return lists
}

// name gives the characters of a member's name.
func (d *decoder) name(t token) string {
	name, ok := d.unquote(t)
	if !ok {
		d.report(t.start-1, CodeSyntax, ErrNotUTF8, "")
	}
	return name
}

// list reads the strings of an array. A string counts as an array of one,
// anything else as an empty one.
func (d *decoder) list() []string {
	switch d.peek() {
	case '"':
		return []string{d.string(CodeOther)}
	case '[':
	default:
		d.skip()
		return nil
	}
	if !d.open() {
		return nil
	}
	var values []string
	for ok := d.element(true); ok; ok = d.element(false) {
		values = append(values, d.string(CodeOther))
	}
	return values
}

// params reads an object of strings. Numbers and truth values keep their JSON
// text, which is what a query string would hold; null is "".
func (d *decoder) params() map[string]string {
	if _, ok := d.begin(CodeOther); !ok {
		return nil
	}
	var params map[string]string
	for t, ok := d.member(true); ok; t, ok = d.member(false) {
		name := d.name(t)
		if _, repeated := params[name]; repeated {
			d.report(t.start-1, CodeSyntax, ErrDuplicate, name)
		}
		if params == nil {
			params = make(map[string]string)
		}
		params[name] = d.param()
	}
	return params
}

func (d *decoder) param() string {
	at := d.pos
	switch d.peek() {
	case '"':
		return d.string(CodeOther)
	case '{', '[':
		d.wrong(CodeOther)
		return ""
	case 'n':
		d.skip()
		return ""
	}
	if !d.skip() {
		return ""
	}
	return d.text[at:d.pos]
}

// diagnostics reads an object of scalars; arrays and objects become their JSON
// text (docs/protocol/messages.md §9), null is left out.
func (d *decoder) diagnostics() map[string]any {
	if _, ok := d.begin(CodeOther); !ok {
		return nil
	}
	var diagnostics map[string]any
	for t, ok := d.member(true); ok; t, ok = d.member(false) {
		name := d.name(t)
		if _, repeated := diagnostics[name]; repeated {
			d.report(t.start-1, CodeSyntax, ErrDuplicate, name)
		}
		value := d.diagnostic()
		if value == nil {
			continue
		}
		if diagnostics == nil {
			diagnostics = make(map[string]any)
		}
		diagnostics[name] = value
	}
	return diagnostics
}

func (d *decoder) diagnostic() any {
	at := d.pos
	value, ok := d.scalar(CodeOther)
	if !ok {
		return d.text[at:d.pos]
	}
	switch value.Kind() {
	case KindBoolean:
		return value.Boolean()
	case KindInteger:
		return value.Integer()
	case KindNumber:
		return value.Number()
	case KindString:
		return value.Text()
	}
	return nil
}

// lowered turns the letters A to Z into lower case: names of headers are ASCII,
// and the encoder does the same.
func lowered(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			text := []byte(s)
			lowerASCII(text)
			return string(text)
		}
	}
	return s
}

// uppered turns the letters a to z into upper case.
func uppered(s string) string {
	for i := range len(s) {
		if 'a' <= s[i] && s[i] <= 'z' {
			text := []byte(s)
			for j, c := range text {
				if 'a' <= c && c <= 'z' {
					text[j] = c - ('a' - 'A')
				}
			}
			return string(text)
		}
	}
	return s
}
