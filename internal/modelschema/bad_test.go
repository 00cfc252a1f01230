package modelschema_test

// badModel is a text that breaks the schema, the loader's rules, or both.
type badModel struct {
	name    string
	text    string
	pointer string
	schema  string // a part of the only violation; "" when the schema accepts the text, by design
	loader  string // the rule of the loader's finding at the same place; "" when the loader accepts the text, by design
}

func attribute(members string) string {
	return `{"urn":"urn:x","name":"M","attributes":[{"name":"a",` + members + `}]}`
}
func action(members string) string {
	return `{"urn":"urn:x","name":"M","actions":[{"name":"a",` + members + `}]}`
}
func argument(members string) string { return action(`"arguments":[{` + members + `}]`) }
func format(members string) string {
	return `{"urn":"urn:x","name":"M","formats":[{` + members + `}]}`
}
func field(members string) string {
	return format(`"urn":"urn:x:f","name":"F","type":"DATA","value":{"fields":[{` + members + `}]}`)
}

var badModels = []badModel{
	{"document is a list", `[]`, "", "the document is a list, an object was expected", "MODEL"},
	{"document is null", `null`, "", "the document is null, an object was expected", "MODEL"},
	{"no urn", `{"name":"M"}`, "", `"urn" is missing`, "MODEL"},
	{"no name", `{"urn":"urn:x"}`, "", `"name" is missing`, "MODEL"},
	{"urn is a number", `{"urn":5,"name":"M"}`, "/urn", `"urn" is 5, a text was expected`, "MODEL"},
	{"urn is empty", `{"urn":"","name":"M"}`, "/urn", `"urn" is empty`, "MODEL"},
	{"urn with a blank", `{"urn":"urn:x y","name":"M"}`, "/urn", `"urn" is "urn:x y": a URN has no blanks`, "MODEL"},
	{"urn is too long", `{"urn":"` + long(1025) + `","name":"M"}`, "/urn", "has 1025 characters, at most 1024 are allowed", "MODEL"},
	{"name is empty", `{"urn":"urn:x","name":""}`, "/name", `"name" is empty`, "MODEL"},
	{"name is null", `{"urn":"urn:x","name":null}`, "/name", `"name" is null, a text was expected`, "MODEL"},
	{"description is a number", `{"urn":"urn:x","name":"M","description":1.5}`, "/description", `"description" is 1.5, a text was expected`, "MODEL"},
	{"system is a text", `{"urn":"urn:x","name":"M","system":"no"}`, "/system", `"system" is "no", true or false was expected`, "MODEL"},
	{"draft is null", `{"urn":"urn:x","name":"M","draft":null}`, "/draft", `"draft" is null, true or false was expected`, "MODEL"},
	{"attributes is an object", `{"urn":"urn:x","name":"M","attributes":{}}`, "/attributes", `"attributes" is an object, a list was expected`, "MODEL"},
	{"actions is a text", `{"urn":"urn:x","name":"M","actions":""}`, "/actions", `"actions" is "", a list was expected`, "MODEL"},
	{"formats is a number", `{"urn":"urn:x","name":"M","formats":1}`, "/formats", `"formats" is 1, a list or an object was expected`, "MODEL"},
	{"formats is an empty object", `{"urn":"urn:x","name":"M","formats":{}}`, "/formats", `"formats" is an object without links, a list was expected`, "M11"},
	{"attribute is a text", `{"urn":"urn:x","name":"M","attributes":["a"]}`, "/attributes/0", `element 1 is "a", an object was expected`, "MODEL"},

	{"attribute without name", `{"urn":"urn:x","name":"M","attributes":[{"type":"URI"}]}`, "/attributes/0", `"name" is missing`, "MODEL"},
	{"attribute with empty name", `{"urn":"urn:x","name":"M","attributes":[{"name":"","type":"URI"}]}`, "/attributes/0/name", `"name" is empty`, "MODEL"},
	{"attribute name with a slash", `{"urn":"urn:x","name":"M","attributes":[{"name":"a/b","type":"URI"}]}`, "/attributes/0/name", `"name" is "a/b": a name has no blanks`, "MODEL"},
	{"attribute name too long", `{"urn":"urn:x","name":"M","attributes":[{"name":"` + long(256) + `","type":"URI"}]}`, "/attributes/0/name", "has 256 characters, at most 255", "MODEL"},
	{"attribute without type", attribute(`"range":"0,1","defaultValue":5`), "/attributes/0", `"type" is missing`, "MODEL"},
	{"attribute of unknown type", attribute(`"type":"INT","range":"0,1","defaultValue":5`), "/attributes/0/type", `"type" is "INT", one of STRING, NUMBER, INTEGER, BOOLEAN, DATETIME, URI was expected`, "MODEL"},
	{"attribute of a type that is an object", attribute(`"type":{"name":"URI"}`), "/attributes/0/type", `"type" is an object, one of STRING`, "MODEL"},
	{"attribute of a type with a long name", attribute(`"type":"` + long(100) + `"`), "/attributes/0/type", `xxx…, one of STRING`, "MODEL"},
	{"default true for a text", attribute(`"type":"STRING","defaultValue":true`), "/attributes/0/defaultValue", `"defaultValue" is true, a text was expected`, "MODEL"},
	{"attribute of null type", attribute(`"type":null`), "/attributes/0/type", `"type" is null, one of STRING`, "MODEL"},
	{"alias is a number", attribute(`"type":"URI","alias":1`), "/attributes/0/alias", `"alias" is 1, a text was expected`, "MODEL"},
	{"writable is null", attribute(`"type":"URI","writable":null`), "/attributes/0/writable", `"writable" is null, true or false`, "MODEL"},
	{"range is a number", attribute(`"type":"NUMBER","range":5`), "/attributes/0/range", `"range" is 5, a text was expected`, "MODEL"},
	{"range with a blank", attribute(`"type":"NUMBER","range":"0, 1"`), "/attributes/0/range", `"range" is "0, 1", two decimal numbers with one comma`, "M06"},
	{"range with an open end", attribute(`"type":"NUMBER","range":"0,"`), "/attributes/0/range", `two decimal numbers`, "M06"},
	{"range with a plus", attribute(`"type":"NUMBER","range":"+0,1"`), "/attributes/0/range", `two decimal numbers`, "M06"},
	{"empty range", attribute(`"type":"NUMBER","range":""`), "/attributes/0/range", `two decimal numbers`, "M06"},
	{"default null", attribute(`"type":"BOOLEAN","defaultValue":null`), "/attributes/0/defaultValue", `"defaultValue" is null, true or false was expected`, "MODEL"},
	{"default list", attribute(`"type":"STRING","defaultValue":[]`), "/attributes/0/defaultValue", `"defaultValue" is a list, a text was expected`, "MODEL"},
	{"default with a fraction", attribute(`"type":"INTEGER","defaultValue":5.5`), "/attributes/0/defaultValue", `"defaultValue" is 5.5, a whole number was expected`, "MODEL"},
	{"default text for a number", attribute(`"type":"NUMBER","defaultValue":"5"`), "/attributes/0/defaultValue", `"defaultValue" is "5", a number was expected`, "MODEL"},
	{"default above 32 bits", attribute(`"type":"INTEGER","defaultValue":2147483648`), "/attributes/0/defaultValue", `"defaultValue" is 2147483648, it must be 2147483647 or less`, "MODEL"},
	{"default below 32 bits", attribute(`"type":"INTEGER","defaultValue":-2147483649`), "/attributes/0/defaultValue", `it must be -2147483648 or more`, "MODEL"},
	{"default of gigantic size", attribute(`"type":"INTEGER","defaultValue":1E999999999`), "/attributes/0/defaultValue", `it must be 2147483647 or less`, "MODEL"},
	{"default of minute size", attribute(`"type":"INTEGER","defaultValue":1E-999999999`), "/attributes/0/defaultValue", `a whole number was expected`, "MODEL"},
	{"default time as text", attribute(`"type":"DATETIME","defaultValue":"2020-01-01T00:00:00Z"`), "/attributes/0/defaultValue", `a whole number was expected`, "MODEL"},
	{"default time too late", attribute(`"type":"DATETIME","defaultValue":9007199254740992`), "/attributes/0/defaultValue", `it must be 9007199254740991 or less`, "MODEL"},
	{"default time too early", attribute(`"type":"DATETIME","defaultValue":-9007199254740992`), "/attributes/0/defaultValue", `it must be -9007199254740991 or more`, "MODEL"},
	{"default URI empty", attribute(`"type":"URI","defaultValue":""`), "/attributes/0/defaultValue", `"defaultValue" is empty`, "M15"},
	{"default URI is a number", attribute(`"type":"URI","defaultValue":1`), "/attributes/0/defaultValue", `a text was expected`, "MODEL"},

	{"action without name", `{"urn":"urn:x","name":"M","actions":[{}]}`, "/actions/0", `"name" is missing`, "MODEL"},
	{"argType unknown", action(`"argType":"number","range":"0,1"`), "/actions/0/argType", `"argType" is "number", one of STRING`, "MODEL"},
	{"arguments is an object", action(`"arguments":{}`), "/actions/0/arguments", `"arguments" is an object, a list was expected`, "MODEL"},
	{"argument without name", argument(`"type":"URI"`), "/actions/0/arguments/0", `"name" is missing`, "MODEL"},
	{"argument without type", argument(`"name":"x"`), "/actions/0/arguments/0", `"type" is missing`, "MODEL"},
	{"argument with null default", argument(`"name":"x","type":"URI","defaultValue":null`), "/actions/0/arguments/0/defaultValue", `is null, a text was expected`, "MODEL"},
	{"argument with bad range", argument(`"name":"x","type":"INTEGER","range":"1"`), "/actions/0/arguments/0/range", `two decimal numbers`, "M06"},

	{"format without urn", format(`"name":"F","type":"DATA","value":{"fields":[]}`), "/formats/0", `"urn" is missing`, "MODEL"},
	{"format without name", format(`"urn":"urn:x:f","type":"DATA","value":{"fields":[]}`), "/formats/0", `"name" is missing`, "MODEL"},
	{"format without type", format(`"urn":"urn:x:f","name":"F","value":{"fields":[]}`), "/formats/0", `"type" is missing`, "MODEL"},
	{"format without value", format(`"urn":"urn:x:f","name":"F","type":"DATA"`), "/formats/0", `"value" is missing`, "MODEL"},
	{"format of unknown type", format(`"urn":"urn:x:f","name":"F","type":"data","value":{"fields":[]}`), "/formats/0/type", `"type" is "data", one of DATA, ALERT was expected`, "MODEL"},
	{"format value is a list", format(`"urn":"urn:x:f","name":"F","type":"DATA","value":[]`), "/formats/0/value", `"value" is a list, an object was expected`, "MODEL"},
	{"format without fields", format(`"urn":"urn:x:f","name":"F","type":"DATA","value":{}`), "/formats/0/value", `"fields" is missing`, "MODEL"},
	{"format with null fields", format(`"urn":"urn:x:f","name":"F","type":"DATA","value":{"fields":null}`), "/formats/0/value/fields", `"fields" is null, a list was expected`, "MODEL"},
	{"field without optional", field(`"name":"f","type":"URI"`), "/formats/0/value/fields/0", `"optional" is missing`, "MODEL"},
	{"field with optional as text", field(`"name":"f","type":"URI","optional":"true"`), "/formats/0/value/fields/0/optional", `"optional" is "true", true or false`, "MODEL"},
	{"field without type", field(`"name":"f","optional":true`), "/formats/0/value/fields/0", `"type" is missing`, "MODEL"},
	{"field with a bad default", field(`"name":"f","type":"NUMBER","optional":true,"defaultValue":"x"`), "/formats/0/value/fields/0/defaultValue", `a number was expected`, "MODEL"},

	// Members that no client reads: the loader leaves them alone.
	{"created is a text", `{"urn":"urn:x","name":"M","created":"now"}`, "/created", `"created" is "now", a whole number was expected`, ""},
	{"lastModified is negative", `{"urn":"urn:x","name":"M","lastModified":-1}`, "/lastModified", `"lastModified" is -1, it must be 0 or more`, ""},
	{"createdAsString is null", `{"urn":"urn:x","name":"M","createdAsString":null}`, "/createdAsString", `is null, a text was expected`, ""},
	{"links is a text", `{"urn":"urn:x","name":"M","links":"x"}`, "/links", `"links" is "x", a list was expected`, ""},
	{"link is a text", `{"urn":"urn:x","name":"M","links":["x"]}`, "/links/0", `element 1 is "x", an object was expected`, ""},
	{"deviceModel is a number", format(`"urn":"urn:x:f","name":"F","type":"DATA","deviceModel":5,"value":{"fields":[]}`), "/formats/0/deviceModel", `a text was expected`, ""},

	// What a schema cannot express or leaves to the loader.
	{"same attribute name", `{"urn":"urn:x","name":"M","attributes":[{"name":"a","type":"URI"},{"name":"a","type":"URI"}]}`, "/attributes/1/name", "", "M01"},
	{"reversed range", attribute(`"type":"NUMBER","range":"9,1"`), "/attributes/0/range", "", "M06"},
	{"range beyond a double", attribute(`"type":"NUMBER","range":"0,1E999"`), "/attributes/0/range", "", "M06"},
	{"default beyond a double", attribute(`"type":"NUMBER","defaultValue":1E999`), "/attributes/0/defaultValue", "", "MODEL"},
	{"draft", `{"urn":"urn:x","name":"M","draft":true}`, "/draft", "", "M10"},
	{"formats not expanded", `{"urn":"urn:x","name":"M","formats":{"links":[]}}`, "/formats", "", "M11"},
	{"one member twice", `{"urn":"urn:x","name":"M","name":"M"}`, "/name", "", "JSON"},
	{"half a surrogate pair", `{"urn":"urn:x","name":"\ud83d"}`, "/name", "", "JSON"},
}

// elsewhere are texts on which the two find the same mistake in different places.
var elsewhere = []badModel{
	{"range on a text", attribute(`"type":"STRING","range":"0,1"`), "/attributes/0/type", `"type" is "STRING": only NUMBER and INTEGER can have a range`, "M06"},
	{"range of an argument that is a time", argument(`"name":"x","type":"DATETIME","range":"0,1"`), "/actions/0/arguments/0/type", `only NUMBER and INTEGER`, "M06"},
	{"range of an action with a text", action(`"argType":"STRING","range":"0,1"`), "/actions/0/argType", `"argType" is "STRING": only NUMBER and INTEGER`, "M06"},
	{"range of an action without argument", action(`"range":"0,1"`), "/actions/0", `"argType" is missing`, "M06"},
	{"both forms of arguments", action(`"argType":"URI","arguments":[{"name":"x","type":"URI"}]`), "/actions/0/arguments", `"arguments" stands beside "argType"`, "MODEL"},
}

func long(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}
