package lint

import "maps"

// shape lists the members of one kind of object (docs/protocol/device-models.md §1 to §4).
type shape struct {
	what  string
	keys  []string          // the members that are known
	alias map[string]string // lower-case names that people and the REST reference use instead (§1.2)
	form  map[string]form   // members that no client and so no loader reads
	below map[string]*shape // members to look into: an object or a list of objects
}

// shapes builds the tree of shapes from the leaves up.
func shapes() *shape {
	value := map[string]string{"default": "defaultValue", "argtype": "type", "datatype": "type", "lowerbound": "range", "upperbound": "range", "min": "range", "max": "range"}
	attribute := maps.Clone(value)
	maps.Copy(attribute, map[string]string{"access": "writable", "readonly": "writable", "readwrite": "writable"})
	field := &shape{what: "field", keys: []string{"name", "description", "type", "optional", "defaultValue"}, alias: map[string]string{"required": "optional", "mandatory": "optional"}}
	argument := &shape{what: "argument", keys: []string{"name", "description", "type", "range", "defaultValue"}, alias: value}
	format := &shape{
		what:  "format",
		keys:  []string{"urn", "name", "description", "type", "deviceModel", "value", "sourceId", "sourceType"},
		alias: map[string]string{"formaturn": "urn", "fields": "value"},
		form:  map[string]form{"deviceModel": textOrNull, "sourceId": textOrNull, "sourceType": textOrNull},
		below: map[string]*shape{"value": {what: "value of a format", keys: []string{"fields"}, below: map[string]*shape{"fields": field}}},
	}
	return &shape{
		what: "device model",
		keys: []string{
			"urn", "name", "description", "system", "draft", "created", "createdAsString", "lastModified", "lastModifiedAsString",
			"userLastModified", "attributes", "actions", "formats", "links", "devicePolicies",
		},
		alias: map[string]string{"formatobjects": "formats", "messageformats": "formats", "createdasdate": "createdAsString", "lastmodifiedasdate": "lastModifiedAsString"},
		form: map[string]form{
			"created": millis, "lastModified": millis, "createdAsString": text, "lastModifiedAsString": text, "userLastModified": textOrNull,
			"links": listOrNull,
		},
		below: map[string]*shape{
			"links":      {what: "link", keys: []string{"href", "rel"}, form: map[string]form{"href": text, "rel": text}},
			"attributes": {what: "attribute", keys: []string{"name", "alias", "description", "type", "range", "defaultValue", "writable"}, alias: attribute},
			"actions": {
				what:  "action",
				keys:  []string{"name", "alias", "description", "argType", "range", "arguments"},
				alias: map[string]string{"argumentlist": "arguments", "args": "arguments", "params": "arguments", "parameters": "arguments", "type": "argType"},
				below: map[string]*shape{"arguments": argument},
			},
			"formats": format,
		},
	}
}
