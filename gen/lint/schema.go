package lint

import (
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/internal/modelschema"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// mostSchema is the size of a file in bytes above which the schema is not asked: the validator is a second opinion, and slow. The
// largest known model has 30 kB.
const mostSchema = 1 << 20

// members adds what the loader does not look at. The part that the schema has an opinion on is checked here, with its rule, so that a
// run without the schema refuses the same models.
func members(all []raw, docs []devicemodel.Document, model *shape) []raw {
	var r memberReader
	for _, d := range docs {
		r.document(d, model)
	}
	for _, s := range r.suspects {
		all = fold(all, s)
	}
	for _, m := range r.malformed {
		all = append(all, raw{level: Error, Finding: devicemodel.Finding{
			Rule: RuleSchema, Offset: m.offset, Pointer: m.pointer,
			Text: quote(m.name) + " is not " + m.want, Remedy: "correct it or delete it: clients do not read it",
		}})
	}
	return all
}

// schema adds what the JSON Schema refuses and no other reader has: every mistake is told once.
func schema(all []raw, data []byte, d devicemodel.Document) []raw {
	if len(data) > mostSchema {
		return all
	}
	var known []string
	for _, f := range all {
		if f.level == Error {
			known = append(known, f.Pointer)
		}
	}
	if len(known) >= most {
		return all // the readers have stopped counting, so what is missing in their lists means nothing
	}
	for _, v := range modelschema.Validate(d.Raw) {
		pointer := d.Pointer + v.Pointer
		if slices.ContainsFunc(known, func(k string) bool { return related(k, pointer) }) {
			continue
		}
		offset, _ := devicemodel.Locate(data, pointer)
		all = append(all, raw{level: Error, Finding: devicemodel.Finding{
			Rule: RuleSchema, Offset: offset, Pointer: pointer, Text: v.Text, Remedy: "see the JSON Schema of device models",
		}})
	}
	return all
}

// related tells whether two findings are about one mistake: about the same member, a member inside the other, or two members of one
// attribute, action, argument, format or field, because readers differ in which of two contradicting members they name.
func related(a, b string) bool {
	return inside(a, b) || inside(b, a) || owner(a) == owner(b)
}

func inside(outer, inner string) bool {
	return inner == outer || strings.HasPrefix(inner, outer+"/")
}

// owner is the pointer of the element of a list that a member belongs to.
func owner(pointer string) string {
	for p := pointer; p != ""; p = p[:strings.LastIndexByte(p, '/')] {
		if last := p[strings.LastIndexByte(p, '/')+1:]; last != "" && strings.Trim(last, "0123456789") == "" {
			return p
		}
	}
	return ""
}
