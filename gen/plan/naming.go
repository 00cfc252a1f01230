package plan

import (
	"go/token"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Every rule and every list that names depend on stands in this file. A change renames identifiers that users' programs call: after the
// first release nothing may be taken away or added here but for names that could not be used at all.

// Names that generated code uses itself, by scope.
var (
	// reservedInType are methods of the main type.
	reservedInType = []string{"HandleActions", "OnChange", "Update", "Virtual"}
	// reservedInUpdate are methods of updates.
	reservedInUpdate = []string{"Offer", "OnError", "Send"}
	// reservedInBuilder are methods of alerts and custom data.
	reservedInBuilder = []string{"Offer", "OnError", "Raise", "Send", "Severity", "Submit"}
	// reservedInPackage are the package's types, functions and constants.
	reservedInPackage = []string{"Actions", "Changes", "Fingerprint", "New", "URN", "UnimplementedActions", "Update"}
	// reservedByVet are methods that go vet ties to the signature of a well-known interface; no method may be called so.
	reservedByVet = []string{"GobDecode", "GobEncode", "MarshalJSON", "MarshalXML", "ReadByte", "ReadRune", "Seek", "UnmarshalJSON",
		"UnmarshalXML", "UnreadByte", "UnreadRune", "WriteByte"}
	// reservedParams are names in function bodies: imports, local variables, other parameters and package variables.
	reservedParams = []string{"alert", "context", "ctx", "data", "device", "model", "time"}
	// predeclared are the predeclared identifiers of Go 1.26. They are listed and not asked for: a later Go must not rename anything.
	predeclared = []string{"any", "append", "bool", "byte", "cap", "clear", "close", "comparable", "complex", "complex128", "complex64",
		"copy", "delete", "error", "false", "float32", "float64", "imag", "int", "int16", "int32", "int64", "int8", "iota", "len", "make",
		"max", "min", "new", "nil", "panic", "print", "println", "real", "recover", "rune", "string", "true", "uint", "uint16", "uint32",
		"uint64", "uint8", "uintptr"}
	// reservedPackages are package names that do not work, or not well, beside keywords and predeclared names: those with a meaning
	// for the go command (it skips a package called documentation), device names of Windows, which cannot be folders there, and the
	// imports of generated code, which its users have in the same files.
	reservedPackages = []string{"documentation", "internal", "main", "testdata", "vendor",
		"aux", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "con", "lpt0", "lpt1", "lpt2", "lpt3",
		"lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "nul", "prn",
		"context", "device", "time"}
)

// A package name is also the name of a folder, and file systems take 255 bytes.
const (
	maxPackage     = 128 // to this length names of URNs are cut; a number may come behind
	longestPackage = 200 // the configuration may choose longer ones
)

// maxWords is how many words of a display name count: it may be a whole sentence.
const maxWords = 8

// words cuts a name at every character that is no letter or digit, and between a lower-case and an upper-case letter.
func words(name string) []string {
	var all []string
	start, last := -1, rune(0)
	for i, r := range name {
		inside := unicode.IsLetter(r) || unicode.IsDigit(r)
		if start >= 0 && (!inside || unicode.IsLower(last) && unicode.IsUpper(r)) {
			all = append(all, name[start:i])
			start = -1
		}
		if inside && start < 0 {
			start = i
		}
		last = r
	}
	if start >= 0 {
		all = append(all, name[start:])
	}
	return all
}

// exported joins words to an exported Go name; "" when there are no words. A first character that has no upper case gets X in front.
func exported(words []string) string {
	var b strings.Builder
	for i, w := range words {
		r, size := utf8.DecodeRuneInString(w)
		r = unicode.ToUpper(r)
		if i == 0 && !unicode.IsUpper(r) {
			b.WriteByte('X')
		}
		b.WriteRune(r)
		b.WriteString(w[size:])
	}
	return b.String()
}

// unexported joins words to the name of a parameter. taken tells which names are in use; "Value" is put behind one of these, and behind
// keywords and predeclared names.
func unexported(words []string, taken func(string) bool) string {
	var b strings.Builder
	for i, w := range words {
		if i == 0 {
			w = lowerFirst(w)
			if r, _ := utf8.DecodeRuneInString(w); unicode.IsDigit(r) || unicode.IsUpper(r) {
				w = "x" + w
			}
			b.WriteString(w)
			continue
		}
		r, size := utf8.DecodeRuneInString(w)
		b.WriteRune(unicode.ToUpper(r))
		b.WriteString(w[size:])
	}
	name := b.String()
	if name == "" {
		name = "value"
	}
	if token.IsKeyword(name) || taken(name) {
		name += "Value"
	}
	return name
}

// lowerFirst puts a leading run of upper-case letters into lower case, but for the one that begins the next word: ESC is esc, Temp is
// temp, URLPath is urlPath.
func lowerFirst(word string) string {
	runes := []rune(word)
	for i, r := range runes {
		if !unicode.IsUpper(r) || i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(r)
	}
	return string(runes)
}

// formatWords gives the words that a format is called after, without those that its suffix says anyway.
func formatWords(modelURN, urn, displayName string, kind Kind) []string {
	var all []string
	if rest, ok := strings.CutPrefix(urn, modelURN+":"); ok {
		all = words(rest)
	}
	if len(all) == 0 {
		all = words(displayName)
		all = all[:min(len(all), maxWords)]
	}
	if len(all) == 0 {
		all = words(urn[strings.LastIndexByte(urn, ':')+1:])
	}
	if n := len(all); n > 1 && strings.EqualFold(all[n-1], string(kind)) {
		all = all[:n-1]
	}
	if len(all) > 1 && strings.EqualFold(all[0], string(kind)) {
		all = all[1:]
	}
	return all
}

// packagePart gives what a segment of a URN adds to a package name. Import paths are ASCII, so other letters are left out.
func packagePart(segment string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		}
		return -1
	}, segment)
}

// receiver gives the receiver of the main type's methods: the first letter of its last word, s for HumiditySensor. It is two letters when
// the first is v, which is the name of values, and t where there is no such ASCII letter.
func receiver(typeName string) string {
	all := words(typeName)
	last := strings.ToLower(all[len(all)-1])
	n := 1
	if last[0] == 'v' {
		n = 2
	}
	if len(last) < n || strings.Trim(last[:n], "abcdefghijklmnopqrstuvwxyz") != "" {
		return "t"
	}
	return last[:n]
}
