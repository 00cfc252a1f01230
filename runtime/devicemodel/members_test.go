package devicemodel_test

import (
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

func TestMembers(t *testing.T) {
	format := func(members string) string { return withFormats(`{` + members + `}`) }
	tests := []struct {
		name string
		text string
		want want
	}{
		{"only what must be", `{"urn":"urn:x:m","name":"M"}`, want{}},
		{"unknown members", withMembers(`"created":1,"links":[{"href":"x"}],"x":{"y":[1,{"z":null}]}`), want{}},
		{"ignored members of any kind", withMembers(`"created":"soon","lastModified":{},"links":7`), want{}},

		{"no urn", `{"name":"M"}`, want{"MODEL", "", `the model has no "urn"`, fail, fail}},
		{"null urn", `{"urn":null,"name":"M"}`, want{"MODEL", "/urn", `"urn" of the model is null, a text was expected`, fail, fail}},
		{"empty urn", `{"urn":"","name":"M"}`, want{"MODEL", "/urn", "is empty", fail, fail}},
		{"urn with a blank", `{"urn":"urn:x y","name":"M"}`, want{"MODEL", "/urn", "holds a blank", fail, fail}},
		{"urn with a slash", `{"urn":"urn:x/y","name":"M"}`, want{"MODEL", "/urn", "holds the character '/'", fail, fail}},
		{"urn with a line", `{"urn":"urn:x\ny","name":"M"}`, want{"MODEL", "/urn", "holds the control character U+000A", fail, fail}},
		{"urn with empty parts", `{"urn":"urn:x::y","name":"M"}`, want{}},
		{"longest urn", `{"urn":"urn:` + strings.Repeat("x", 1020) + `","name":"M"}`, want{}},
		{"urn too long", `{"urn":"urn:` + strings.Repeat("x", 1021) + `","name":"M"}`,
			want{"MODEL", "/urn", "has 1025 characters, at most 1024", fail, fail}},
		{"no name", `{"urn":"urn:x"}`, want{"MODEL", "", `the model has no "name"`, fail, fail}},
		{"empty name", `{"urn":"urn:x","name":""}`, want{"MODEL", "/name", "is empty", fail, fail}},
		{"number as name", `{"urn":"urn:x","name":5}`, want{"MODEL", "/name", "is a number, a text was expected", fail, fail}},
		{"name in other case", `{"URN":"urn:y","urn":"urn:x","name":"M"}`, want{}},
		{"null description", withMembers(`"description":null`), want{}},
		{"number as description", withMembers(`"description":5`), want{"MODEL", "/description", "a text was expected", fail, fail}},
		{"text as system", withMembers(`"system":"true"`),
			want{"MODEL", "/system", "is a text, true or false was expected", fail, fail}},
		{"null draft", withMembers(`"draft":null`), want{"MODEL", "/draft", "is null, true or false was expected", fail, fail}},

		{"null lists", withMembers(`"attributes":null,"actions":null,"formats":null,"links":null`), want{}},
		{"empty lists", withMembers(`"attributes":[],"actions":[],"formats":[]`), want{}},
		{"attributes are no list", withMembers(`"attributes":{}`),
			want{"MODEL", "/attributes", `"attributes" of the model is an object, a list was expected`, fail, fail}},
		{"actions are no list", withMembers(`"actions":"none"`),
			want{"MODEL", "/actions", "is a text, a list was expected", fail, fail}},
		{"formats are no list", withMembers(`"formats":0`), want{"MODEL", "/formats", "is a number, a list was expected", fail, warn}},
		{"attribute is no object", withAttributes(`"a"`),
			want{"MODEL", "/attributes/0", "attribute number 1 is a text, an object was expected", fail, fail}},
		{"action is no object", withActions(`null`), want{"MODEL", "/actions/0", "action number 1 is null", fail, fail}},
		{"format is no object", withFormats(`[]`), want{"MODEL", "/formats/0", "format number 1 is a list", fail, fail}},

		{"attribute without name", withAttributes(`{"type":"URI"}`),
			want{"MODEL", "/attributes/0", `attribute number 1 has no "name"`, fail, fail}},
		{"attribute with empty name", withAttributes(`{"name":"","type":"URI"}`),
			want{"MODEL", "/attributes/0/name", "is empty", fail, fail}},
		{"attribute name is a number", withAttributes(`{"name":5,"type":"URI"}`),
			want{"MODEL", "/attributes/0/name", `"name" of attribute number 1 is a number`, fail, fail}},
		{"attribute name with a quote", withAttributes(`{"name":"a\"b","type":"URI"}`),
			want{"MODEL", "/attributes/0/name", `the character '"'`, fail, fail}},
		{"attribute name with a percent sign", withAttributes(`{"name":"a%b","type":"URI"}`),
			want{"MODEL", "/attributes/0/name", `the character '%'`, fail, fail}},
		{"attribute name with a delete character", withAttributes(`{"name":"a\u007fb","type":"URI"}`),
			want{"MODEL", "/attributes/0/name", "U+007F", fail, fail}},
		{"attribute name with dash and dot", withAttributes(`{"name":"left-front.door_1","type":"URI"}`), want{}},
		{"longest attribute name", withAttributes(`{"name":"` + strings.Repeat("x", 255) + `","type":"URI"}`), want{}},
		{"attribute name too long", withAttributes(`{"name":"` + strings.Repeat("x", 256) + `","type":"URI"}`),
			want{"MODEL", "/attributes/0/name", "has 256 characters, at most 255", fail, fail}},
		{"attribute without type", withAttributes(`{"name":"a"}`),
			want{"MODEL", "/attributes/0", `attribute "a" has no "type"`, fail, fail}},
		{"null type", withAttributes(`{"name":"a","type":null}`),
			want{"MODEL", "/attributes/0/type", "is null, one of STRING, NUMBER", fail, fail}},
		{"lower-case type", withAttributes(`{"name":"a","type":"string"}`),
			want{"MODEL", "/attributes/0/type", `is "string", which is no type`, fail, fail}},
		{"type of other systems", withAttributes(`{"name":"a","type":"ARRAY","defaultValue":null,"range":"x"}`),
			want{"MODEL", "/attributes/0/type", `is "ARRAY", which is no type`, fail, fail}},
		{"null alias", withAttributes(`{"name":"a","alias":null,"description":null,"type":"URI"}`), want{}},
		{"number as alias", withAttributes(`{"name":"a","alias":1,"type":"URI"}`),
			want{"MODEL", "/attributes/0/alias", "a text was expected", fail, fail}},
		{"text as writable", withAttributes(`{"name":"a","type":"URI","writable":"true"}`),
			want{"MODEL", "/attributes/0/writable", "true or false was expected", fail, fail}},

		{"action without name", withActions(`{"argType":"URI"}`),
			want{"MODEL", "/actions/0", `action number 1 has no "name"`, fail, fail}},
		{"action with null argument", withActions(`{"name":"a","argType":null,"arguments":null,"range":null}`), want{}},
		{"action with no arguments", withActions(`{"name":"a","argType":"URI","arguments":[]}`), want{}},
		{"action with unknown type", withActions(`{"name":"a","argType":"INT"}`),
			want{"MODEL", "/actions/0/argType", `"argType" of action "a" is "INT"`, fail, fail}},
		{"action with a number as type", withActions(`{"name":"a","argType":1}`),
			want{"MODEL", "/actions/0/argType", "is a number", fail, fail}},
		{"action with both forms", withActions(`{"name":"a","argType":"URI","arguments":[{"name":"b","type":"URI"}]}`),
			want{"MODEL", "/actions/0/argType", `has both "argType" and "arguments"`, fail, fail}},
		{"arguments are no list", withActions(`{"name":"a","arguments":{}}`),
			want{"MODEL", "/actions/0/arguments", `"arguments" of action "a" is an object`, fail, fail}},
		{"argument is no object", withArguments(`1`),
			want{"MODEL", "/actions/0/arguments/0", "argument number 1 is a number", fail, fail}},
		{"argument without name", withArguments(`{"type":"URI"}`),
			want{"MODEL", "/actions/0/arguments/0", `argument number 1 of action "act" has no "name"`, fail, fail}},
		{"argument without type", withArguments(`{"name":"a"}`),
			want{"MODEL", "/actions/0/arguments/0", `argument "a" of action "act" has no "type"`, fail, fail}},

		{"format without urn", format(`"name":"F","type":"DATA","value":{"fields":[]}`),
			want{"MODEL", "/formats/0", `format "F" has no "urn"`, fail, fail}},
		{"format without name", format(`"urn":"urn:x:m:f","type":"DATA","value":{"fields":[]}`),
			want{"MODEL", "/formats/0", `format number 1 has no "name"`, fail, fail}},
		{"format without type", format(`"urn":"urn:x:m:f","name":"F","value":{"fields":[]}`),
			want{"MODEL", "/formats/0", `has no "type"`, fail, fail}},
		{"format of unknown type", format(`"urn":"urn:x:m:f","name":"F","type":"EVENT","value":{"fields":[]}`),
			want{"MODEL", "/formats/0/type", `is "EVENT", which is no type of a format`, fail, fail}},
		{"format with a number as type", format(`"urn":"urn:x:m:f","name":"F","type":1,"value":{"fields":[]}`),
			want{"MODEL", "/formats/0/type", "DATA or ALERT was expected", fail, fail}},
		{"format without value", format(`"urn":"urn:x:m:f","name":"F","type":"DATA"`),
			want{"MODEL", "/formats/0", `has no "value"`, fail, fail}},
		{"format with null value", format(`"urn":"urn:x:m:f","name":"F","type":"DATA","value":null`),
			want{"MODEL", "/formats/0/value", "is null, an object was expected", fail, fail}},
		{"format without fields", format(`"urn":"urn:x:m:f","name":"F","type":"DATA","value":{}`),
			want{"MODEL", "/formats/0/value", `format "F" has no "fields"`, fail, fail}},
		{"format with null fields", format(`"urn":"urn:x:m:f","name":"F","type":"DATA","value":{"fields":null}`),
			want{"MODEL", "/formats/0/value/fields", "is null, a list was expected", fail, fail}},
		{"field is no object", withFields(`1`), want{"MODEL", "/formats/0/value/fields/0", "field number 1 is a number", fail, fail}},
		{"field without name", withFields(`{"type":"URI","optional":true}`),
			want{"MODEL", "/formats/0/value/fields/0", `field number 1 of format "F" has no "name"`, fail, fail}},
		{"field without type", withFields(`{"name":"a","optional":true}`),
			want{"MODEL", "/formats/0/value/fields/0", `has no "type"`, fail, fail}},
		{"field without optional", withFields(`{"name":"a","type":"URI"}`),
			want{"MODEL", "/formats/0/value/fields/0", `has no "optional"`, fail, warn}},
		{"field with text as optional", withFields(`{"name":"a","type":"URI","optional":"true"}`),
			want{"MODEL", "/formats/0/value/fields/0/optional", "true or false was expected", fail, fail}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, tt.text, tt.want) })
	}
}

func TestRemedyGuessesType(t *testing.T) {
	for text, meant := range map[string]string{
		"int": "INTEGER", "Text": "STRING", "double": "NUMBER", "long": "NUMBER", "bool": "BOOLEAN", "timestamp": "DATETIME", "url": "URI", " STRING": "STRING",
	} {
		_, found := devicemodel.Inspect([]byte(withAttributes(`{"name":"a","type":"` + text + `"}`)))
		if len(found) != 1 || found[0].Remedy != `write "`+meant+`"` {
			t.Errorf("%s: %v", text, found)
		}
	}
	_, found := devicemodel.Inspect([]byte(withAttributes(`{"name":"a","type":"OBJECT"}`)))
	if len(found) != 1 || !strings.Contains(found[0].Remedy, "DATETIME, URI") {
		t.Errorf("OBJECT: %v", found)
	}
}

func TestLongTextIsClipped(t *testing.T) {
	_, found := devicemodel.Inspect([]byte(withAttributes(`{"name":"a","type":"` + strings.Repeat("ä", 1000) + `"}`)))
	if len(found) != 1 || len(found[0].Text) > 300 || !strings.Contains(found[0].Text, "…") {
		t.Errorf("found %v", found)
	}
}
