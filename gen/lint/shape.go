package lint

import (
	"bytes"
	"maps"
)

// shape lists the members of one kind of object (docs/protocol/device-models.md §1 to §4).
type shape struct {
	what  string
	keys  []key             // the members that are known, at most 64
	alias map[string]string // lower-case names that people and the REST reference use instead (§1.2)
}

// key is one known member.
type key struct {
	name  string
	form  form   // of members that no client and so no loader reads; 0 of the others
	below *shape // of members to look into: an object or a list of objects
}

// named makes keys of which only the names matter.
func named(names ...string) []key {
	keys := make([]key, len(names))
	for i, n := range names {
		keys[i].name = n
	}
	return keys
}

// index finds the key with a quoted name, -1 when there is none.
func (s *shape) index(quoted []byte) int {
	escaped := bytes.IndexByte(quoted, '\\') >= 0
	for i := range s.keys {
		name := s.keys[i].name
		if len(quoted) == len(name)+2 && string(quoted[1:len(quoted)-1]) == name || escaped && unquote(quoted) == name {
			return i
		}
	}
	return -1
}

func (s *shape) names() []string {
	all := make([]string, len(s.keys))
	for i, k := range s.keys {
		all[i] = k.name
	}
	return all
}

// shapes builds the tree of shapes and gives its root, the device model.
func shapes() *shape {
	value := map[string]string{
		"default": "defaultValue", "argtype": "type", "datatype": "type", "lowerbound": "range", "upperbound": "range", "min": "range", "max": "range",
	}
	attribute := &shape{"attribute", named("name", "alias", "description", "type", "range", "defaultValue", "writable"), maps.Clone(value)}
	maps.Copy(attribute.alias, map[string]string{"access": "writable", "readonly": "writable", "readwrite": "writable"})
	argument := &shape{"argument", named("name", "description", "type", "range", "defaultValue"), value}
	action := &shape{
		"action", append(named("name", "alias", "description", "argType", "range"), key{"arguments", 0, argument}),
		map[string]string{"argumentlist": "arguments", "args": "arguments", "params": "arguments", "parameters": "arguments", "type": "argType"},
	}
	link := &shape{"link", []key{{"href", text, nil}, {"rel", text, nil}}, nil}
	return &shape{
		"device model", append(
			named("urn", "name", "description", "system", "draft", "devicePolicies"),
			key{"created", millis, nil}, key{"createdAsString", text, nil}, key{"lastModified", millis, nil}, key{"lastModifiedAsString", text, nil},
			key{"userLastModified", textOrNull, nil}, key{"attributes", 0, attribute}, key{"actions", 0, action}, key{"formats", 0, formats()},
			key{"links", listOrNull, link},
		),
		map[string]string{
			"formatobjects": "formats", "messageformats": "formats", "createdasdate": "createdAsString", "lastmodifiedasdate": "lastModifiedAsString",
		},
	}
}

func formats() *shape {
	field := &shape{
		"field", named("name", "description", "type", "optional", "defaultValue"), map[string]string{"required": "optional", "mandatory": "optional"},
	}
	value := &shape{"value of a format", []key{{"fields", 0, field}}, nil}
	return &shape{
		"format", append(
			named("urn", "name", "description", "type"),
			key{"value", 0, value}, key{"deviceModel", textOrNull, nil}, key{"sourceId", textOrNull, nil}, key{"sourceType", textOrNull, nil},
		),
		map[string]string{"formaturn": "urn", "fields": "value"},
	}
}
