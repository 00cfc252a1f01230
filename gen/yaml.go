package gen

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/iotcs-go/iotcs/gen/lint"
)

// yamlReader reads a YAML text strictly and collects every mistake with its place. It takes the plain part of YAML: mappings, lists and
// texts. Anchors, aliases, tags and merge keys are mistakes: a configuration has no use for them.
type yamlReader struct {
	file  string
	found []Diagnostic
}

func (r *yamlReader) fail(tk *token.Token, remedy, format string, args ...any) {
	d := Diagnostic{File: r.file, Line: 1, Col: 1, Level: lint.Error, Rule: RuleConfig, Text: fmt.Sprintf(format, args...), Remedy: remedy}
	if tk != nil && tk.Position != nil {
		d.Line, d.Col = max(tk.Position.Line, 1), max(tk.Position.Column, 1)
	}
	r.found = append(r.found, d)
}

// parse gives the only document of a text; nil when it is empty or, reported, cannot be read.
func (r *yamlReader) parse(data []byte) (body ast.Node) {
	defer func() {
		if p := recover(); p != nil { // the library has crashed on hostile texts before
			body = nil
			r.fail(nil, "simplify it", "the YAML reader cannot cope with this text: %v", p)
		}
	}()
	if tooDeep(data) {
		r.fail(nil, "simplify it", "a line is too long, or lists and mappings are nested too deeply")
		return nil
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		var tk *token.Token
		text := err.Error()
		if ye, ok := errors.AsType[yaml.Error](err); ok {
			tk, text = ye.GetToken(), ye.GetMessage()
		}
		r.fail(tk, "correct the YAML; inside { } a URN needs quotes", "%s", text)
		return nil
	}
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		if body != nil {
			r.fail(start(d.Body), "keep one document", "there is a second YAML document")
			break
		}
		body = d.Body
	}
	return body
}

// tooDeep tells whether a text has a line longer, or more brackets and dashes open, than a configuration needs: the library's time
// grows with the square of either.
func tooDeep(data []byte) bool {
	const longest, most = 16 << 10, 100
	line, brackets, dashes := 0, 0, 0
	for i, c := range data {
		line++
		switch c {
		case '[', '{':
			brackets++
		case ']', '}':
			brackets = max(0, brackets-1)
		case '\n':
			line, dashes = 0, 0
		case '-', '?':
			if i+1 < len(data) && data[i+1] == ' ' {
				dashes++
			}
		case '&', '!':
			dashes++
		}
		if brackets > most || dashes > most || line > longest {
			return true
		}
	}
	return false
}

// entry is one member of a mapping.
type entry struct {
	name  string
	key   *token.Token
	value ast.Node
}

// mapping gives the members of a mapping. A null is an empty mapping; anything else is reported.
func (r *yamlReader) mapping(n ast.Node, what string) []entry {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	case *ast.NullNode:
	default:
		r.fail(start(n), `write "name: value" lines`, "%s is %s, a mapping was expected", what, nodeName(n))
	}
	var all []entry
	seen := make(map[string]bool)
	for _, v := range values {
		key, ok := scalar(v.Key)
		switch {
		case !ok:
			r.fail(v.Key.GetToken(), "write a plain text", "a name in %s is %s", what, nodeName(v.Key))
		case seen[key]:
			r.fail(v.Key.GetToken(), "keep one of them", "%q is there twice", key)
		default:
			seen[key] = true
			all = append(all, entry{key, v.Key.GetToken(), v.Value})
		}
	}
	return all
}

// list gives the elements of a list. A null is an empty list; anything else is reported.
func (r *yamlReader) list(n ast.Node, what string) []ast.Node {
	switch n := n.(type) {
	case *ast.SequenceNode:
		return n.Values
	case *ast.NullNode:
		return nil
	}
	r.fail(start(n), `write "- value" lines or [value, value]`, "%s is %s, a list was expected", what, nodeName(n))
	return nil
}

// text gives a text that must not be empty; "" when, reported, there is none.
func (r *yamlReader) text(n ast.Node, what string) string {
	text, ok := scalar(n)
	switch {
	case !ok:
		r.fail(start(n), "write a text, in quotes if need be", "%s is %s, a text was expected", what, nodeName(n))
	case text == "":
		r.fail(start(n), "give it a value or leave it out", "%s is empty", what)
	}
	return text
}

// unknown reports a member that does not belong where it stands.
func (r *yamlReader) unknown(e entry, what string, known []string) {
	remedy := "leave it out"
	if near := lint.Nearest(e.name, known); near != "" {
		remedy = fmt.Sprintf("did you mean %q?", near)
	}
	r.fail(e.key, remedy, "%s has no member %q", what, e.name)
}

// start is the first token of a node: of a mapping in block style the library gives the first colon.
func start(n ast.Node) *token.Token {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken()
	}
	return n.GetToken()
}

func scalar(n ast.Node) (text string, ok bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

func nodeName(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	case ast.NullType:
		return "empty"
	case ast.BoolType:
		return "true or false"
	case ast.IntegerType, ast.FloatType, ast.InfinityType, ast.NanType:
		return "a number"
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType, ast.TagType:
		return "YAML that is not supported here (anchor, alias, merge or tag)"
	case ast.StringType, ast.LiteralType:
		return "a text"
	}
	return "something else"
}
