package lint

import "github.com/iotcs-go/iotcs/runtime/devicemodel"

// Rules explains the rules of findings that package devicemodel does not know. The caller owns the slice.
func Rules() []devicemodel.Rule {
	return []devicemodel.Rule{
		{
			ID: RuleRead, Title: "every path of models can be read",
			Explanation: `A path names a file or a folder. Of a folder every dm-*.json is read, and every other *.json that may be a device model; sub-folders
are not searched. Pipes and devices are refused, and so are files over 16 MB: a device model has a few kilobytes.`,
			Example: "iotcs-gen lint lost.json",
		},
		{
			ID: RuleSkip, Title: "what is left out is told",
			Explanation: `A folder of models may hold other JSON files: what is valid JSON and has neither urn nor attributes, actions or formats is skipped,
with a note. Folders are not searched recursively; one that holds JSON files gets a note too. Name a file as a path of its own, or call it
dm-….json, to have it read in any case.`,
			Example: "models/package.json",
		},
		{
			ID: RuleURN, Title: "a URN names one model",
			Explanation: `Two models with one URN cannot both be generated, and nobody but you knows which one is right. Often one is an older copy: delete
it, or move it out of the folder.`,
			Example: "dm-urn%3Acom%3Aexample%3Apump.json and pump-old.json with the same urn",
		},
		{
			ID: RuleKey, Title: "members are spelt right",
			Explanation: `Unknown members are ignored by every client, so a slip of the finger stays silent: an attribute with "writeable": true is never
writable. This warning names the member that was probably meant.`,
			Example: `{"name": "speed", "type": "INTEGER", "writeable": true}`,
		},
		{
			ID: RuleSchema, Title: "the model conforms to the JSON Schema",
			Explanation: `Members that only servers write, such as times and links, have a form too. Clients do not read them, but a file that gets them wrong
was not written by a server and deserves a look. Correct or delete them.`,
			Example: `{"urn": "urn:com:example:pump", "name": "Pump", "created": "yesterday"}`,
		},
	}
}
