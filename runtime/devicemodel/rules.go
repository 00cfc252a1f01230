package devicemodel

import "slices"

// Rule explains the findings with one rule name.
type Rule struct {
	ID          string // as in [Finding.Rule]
	Title       string // one line
	Explanation string // why the rule exists and what to do
	Example     string // JSON text that breaks the rule
}

// Rules gives all rules, those of the reader first, then M01 to M15. M12 is a rule of the generator: this package never reports it. Of M13
// the part about file names belongs to the generator too. The caller owns the slice.
func Rules() []Rule { return slices.Clone(allRules[:]) }

// RuleByID finds the rule with the given name, such as "M08".
func RuleByID(id string) (Rule, bool) {
	i := slices.IndexFunc(allRules[:], func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return allRules[i], true
}

var allRules = [...]Rule{
	{RuleSyntax, "the text is strict JSON in UTF-8",
		`The file must be JSON as RFC 8259 defines it, in UTF-8: no comments, no trailing commas, no single quotes, and no member twice in one
object. The official Java client takes some of these and rejects others, the JavaScript client the other way round; a text that two
readers understand differently must not describe a device. A byte order mark is skipped. Limits: 16 MiB, 64 levels, 65536 members in an
object.`,
		`{"urn": "urn:com:example:pump", "name": "Pump", "name": "Other",}`},
	{RuleModel, "members are there and have the right type",
		`A model needs "urn" and "name"; an attribute "name" and "type"; an action "name"; an argument "name" and "type"; a format "urn",
"name", "type" and "value" with "fields"; a field "name", "type" and "optional". Types are STRING, NUMBER, INTEGER, BOOLEAN, DATETIME
and URI in upper case. A default value has the JSON type of its value type: a whole number of 32 bits for INTEGER, milliseconds since
1970 for DATETIME, never null. Names become parts of request paths, so blanks and / ? # % " \ are refused.`,
		`{"name": "speed", "type": "INT"}`},
	{"M01", "attribute names are unique",
		`Two attributes with one name cannot be told apart in messages. The Java client rejects such a model. Names that differ only in case
are different names.`,
		`"attributes": [{"name": "speed", "type": "INTEGER"}, {"name": "speed", "type": "NUMBER"}]`},
	{"M02", "action names are unique",
		`The name of an action is the last part of the request path. The Java client rejects a model with two actions of one name. An action
and an attribute may share a name.`,
		`"actions": [{"name": "reset"}, {"name": "reset", "argType": "BOOLEAN"}]`},
	{"M03", "argument names are unique within an action",
		`The arguments of a call are the members of one JSON object: two with one name cannot be told apart.`,
		`"actions": [{"name": "prime", "arguments": [{"name": "time", "type": "INTEGER"}, {"name": "time", "type": "NUMBER"}]}]`},
	{"M04", "format URNs are unique, and none is the model's own attribute format",
		`A message names its format by URN. Of two formats with one URN the Java client takes the first and the JavaScript client the last.
The URN {model}:attributes is taken: attribute values travel in it, without being listed.`,
		`{"urn": "urn:com:example:pump", "name": "Pump",
 "formats": [{"urn": "urn:com:example:pump:attributes", "name": "Mine", "type": "DATA", "value": {"fields": []}}]}`},
	{"M05", "field names are unique within a format",
		`The fields of a message are the members of one JSON object: two with one name cannot be told apart.`,
		`"value": {"fields": [{"name": "note", "type": "STRING", "optional": true}, {"name": "note", "type": "URI", "optional": true}]}`},
	{"M06", "a range is two finite numbers, low then high, on NUMBER or INTEGER",
		`A range is a text of two decimal numbers with one comma and no blanks. Both ends belong to the range and both are needed: the platform
has no open ends. The official clients misread everything else: Java keeps a reversed range, so that no value is ever valid, and
JavaScript never checks the open end of "0,". A range on any other type than NUMBER and INTEGER is an error for the generator; a device
ignores it.`,
		`{"name": "speed", "type": "INTEGER", "range": "3000,0"}`},
	{"M07", "the range of an INTEGER holds an integer",
		`The ends may have fractions, but at least one integer of 32 bits must lie between them, else no value could ever be set.`,
		`{"name": "gear", "type": "INTEGER", "range": "0.3,0.4"}`},
	{"M08", "a default value lies inside the range",
		`The default value is what a device reports until the first value is set: it must be a value that could be set. A device takes the
model with a warning, as the official clients do.`,
		`{"name": "speed", "type": "INTEGER", "range": "0,100", "defaultValue": 101}`},
	{"M09", "an alias is nobody else's name or alias",
		`The cloud side may name an attribute or an action by its alias. When two have the same, the official clients reach the one that was
read later, and the order is not stable between servers. A device ignores such an alias. An alias that is empty or equal to its own name
counts as absent.`,
		`"attributes": [{"name": "speed", "type": "INTEGER"}, {"name": "rpm", "alias": "speed", "type": "INTEGER"}]`},
	{"M10", "the model is no draft",
		`The server makes a draft, a model without members, when a device that may create drafts activates with a URN that the server does
not know. There is nothing in it to generate code from: define the model on the server and fetch it again.`,
		`{"urn": "urn:com:example:pump", "name": "urn:com:example:pump", "draft": true, "attributes": [], "actions": [], "formats": []}`},
	{"M11", "the formats are written out",
		`A server may put a link in the place of the formats. Code generated from such a model would have no alerts and no custom data. Fetch
the model with ?expand=formats. A device takes the model as one without formats, with a warning.`,
		`"formats": {"links": [{"href": "https://iot.example.com/iot/api/v2/deviceModels/urn%3Acom%3Aexample%3Apump/formats", "rel": "formats"}]}`},
	{"M12", "names of the model give different Go names",
		`Wire names become Go names by splitting at every character that is no letter or digit and joining capitalised parts. When two come
out equal, the first in byte order gets the plain name and the others get 2, 3 … behind it; the warning shows the line of the
configuration that chooses a better name. It is an error only where no name can be formed at all, as for one of punctuation only.`,
		`"attributes": [{"name": "left-door", "type": "BOOLEAN"}, {"name": "left_door", "type": "BOOLEAN"}]`},
	{"M13", "habits that avoid trouble with other clients",
		`Warnings only. A URN begins with "urn:". The URN of a format begins with the model's URN and a colon. A range has no exponent with a
small e: the Java client reads 1e3 as 1. Names are ASCII: other clients put them into request paths without encoding. A file is named
after its URN as the official clients name it, dm-….json, so that they find it.`,
		`{"name": "speed", "type": "NUMBER", "range": "0,1e3"}`},
	{"M14", "the URN is not one of the service's own",
		`URNs under urn:oracle:iot:dcd:capability: name capabilities that every device announces, such as direct activation. A user's model
under such a URN would never be served.`,
		`{"urn": "urn:oracle:iot:dcd:capability:diagnostics", "name": "Mine"}`},
	{"M15", "the default value of a URI is not empty",
		`An empty text names nothing. Leave "defaultValue" out when there is no object to name.`,
		`{"name": "manual", "type": "URI", "defaultValue": ""}`},
}
