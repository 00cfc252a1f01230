package modelschema

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// leaf is a violation on its way to its text.
type leaf struct {
	pointer  string // of the instance
	location string // pointer of the keyword in the schema
	keyword  string // its last step
}

// explain turns the validator's tree into violations: leaves only, each mistake once, in the order of the pointers.
func (s *schema) explain(root *jsonschema.ValidationError, instance any) []Violation {
	leaves := make(map[[2]string]leaf) // by pointer and keyword
	collect(root, func(l leaf) {
		key := [2]string{l.pointer, l.keyword}
		if old, ok := leaves[key]; !ok || rank(l) < rank(old) {
			leaves[key] = l
		}
	})
	var all []Violation
	for _, l := range leaves {
		for _, text := range s.words(l, at(instance, l.pointer)) {
			all = append(all, Violation{Pointer: l.pointer, Text: text})
		}
	}
	slices.SortFunc(all, func(a, b Violation) int {
		return cmp.Or(comparePointers(a.Pointer, b.Pointer), strings.Compare(a.Text, b.Text))
	})
	return all
}

func collect(e *jsonschema.ValidationError, yield func(leaf)) {
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			collect(cause, yield)
		}
		return
	}
	_, location, _ := strings.Cut(e.AbsoluteKeywordLocation, "#")
	yield(leaf{pointer: e.InstanceLocation, location: location, keyword: location[strings.LastIndexByte(location, '/')+1:]})
}

// rank orders the keywords that find the same mistake: the one with the best words first. The location makes the order total.
func rank(l leaf) string {
	switch {
	case strings.HasPrefix(l.location, "/$defs/valueType/"), strings.HasPrefix(l.location, "/$defs/defaultMatchesType/"):
		return "0" + l.location
	case strings.HasPrefix(l.location, "/$defs/action/properties/argType/"):
		return "1" + l.location
	}
	return "2" + l.location
}

// words says what is wrong, in one text or, for missing members, in several.
func (s *schema) words(l leaf, value any) []string {
	want := at(s.plain, l.location)
	what := describeMember(l.pointer)
	switch l.keyword {
	case "required":
		return missing(l, want, value, what)
	case "type":
		return one("%s is %s, %s was expected", what, describe(value), types(want))
	case "enum":
		return one("%s", what+" "+enumText(l, want, value))
	case "pattern":
		return one("%s %s", what, patternText(l, value))
	case "minLength":
		return one("%s is empty", what)
	case "maxLength":
		return one("%s has %d characters, at most %v are allowed", what, utf8.RuneCountInString(value.(string)), want)
	case "minimum":
		return one("%s is %v, it must be %v or more", what, value, want)
	case "maximum":
		return one("%s is %v, it must be %v or less", what, value, want)
	case "maxItems":
		return one("%s stands beside \"argType\": an action has one of the two", what)
	}
	return one("%s breaks the rule %s of the schema", what, l.location) // no such keyword today; a test watches
}

func one(format string, args ...any) []string { return []string{fmt.Sprintf(format, args...)} }

func missing(l leaf, want, value any, what string) []string {
	if l.location == "/properties/formats/required" {
		return one("%s is an object without links, a list was expected", what)
	}
	var texts []string
	has, _ := value.(map[string]any)
	names, _ := want.([]any)
	for _, name := range names {
		if _, ok := has[name.(string)]; !ok {
			texts = append(texts, fmt.Sprintf("%q is missing", name))
		}
	}
	return texts
}

func enumText(l leaf, want, value any) string {
	if strings.Contains(l.location, "/then/") { // the condition is that a range stands beside it
		return fmt.Sprintf("is %s: only NUMBER and INTEGER can have a range", describe(value))
	}
	var all []string
	for _, w := range want.([]any) {
		if w != nil {
			all = append(all, w.(string))
		}
	}
	return fmt.Sprintf("is %s, one of %s was expected", describe(value), strings.Join(all, ", "))
}

func patternText(l leaf, value any) string {
	switch l.location {
	case "/$defs/range/pattern":
		return fmt.Sprintf("is %s, two decimal numbers with one comma and no blanks were expected, such as \"0,100\"", describe(value))
	case "/$defs/urn/pattern":
		return fmt.Sprintf("is %s: a URN has no blanks, no control characters and none of / \\ ? # %% \" < > ^ ` { | }", describe(value))
	}
	return fmt.Sprintf("is %s: a name has no blanks, no control characters and none of / ? # %% \" \\", describe(value))
}

// types words the value of the keyword "type".
func types(want any) string {
	names := map[string]string{"string": "a text", "number": "a number", "integer": "a whole number", "boolean": "true or false",
		"object": "an object", "array": "a list"}
	list, ok := want.([]any)
	if !ok {
		list = []any{want}
	}
	var all []string
	for _, t := range list {
		if name := names[t.(string)]; name != "" { // null is allowed rather than expected
			all = append(all, name)
		}
	}
	if n := len(all); n > 1 {
		return strings.Join(all[:n-1], ", ") + " or " + all[n-1]
	}
	return all[0]
}

// describe shows a value of the model in at most some dozen characters.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return clip(strconv.Quote(v))
	case json.Number:
		return clip(v.String())
	case bool:
		return strconv.FormatBool(v)
	case []any:
		return "a list"
	}
	return "an object"
}

func clip(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

// describeMember names the value at a pointer: "type", or "element 3" of a list.
func describeMember(pointer string) string {
	if pointer == "" {
		return "the document"
	}
	step := pointer[strings.LastIndexByte(pointer, '/')+1:]
	if n, err := strconv.Atoi(step); err == nil {
		return fmt.Sprintf("element %d", n+1)
	}
	return strconv.Quote(step)
}
