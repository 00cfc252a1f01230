package gen

import (
	"slices"
	"strings"

	"github.com/iotcs-go/iotcs/gen/lint"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Rules of diagnostics beside those that only models break.
const (
	RuleRead    = lint.RuleRead
	RuleURN     = lint.RuleURN
	RuleConfig  = "CONFIG"
	RuleLock    = "LOCK"
	RuleWrite   = "WRITE"
	RuleStale   = "STALE"
	RuleMissing = "MISSING"
	RuleEdited  = "EDITED"
	RuleForeign = "FOREIGN"
	RuleOrphan  = "ORPHAN"
)

// Rule explains the diagnostics with one rule name.
type Rule = devicemodel.Rule

// Rules gives the rules of models and then those of the generator. The caller owns the slice.
func Rules() []Rule {
	return slices.Concat(devicemodel.Rules(), lint.Rules(), []Rule{
		{
			ID: RuleConfig, Title: "the configuration can be read",
			Explanation: `iotcs-gen.yaml is plain YAML: mappings, lists and texts, no anchors or tags. An unknown member is an error, so that a slip of the
finger does not go unnoticed. Its "outputs" say which models go to which folder, its "overrides" choose names by URN. "iotcs-gen init" writes
a file that explains itself. It is looked for from the working directory up to the root of the module.`,
			Example: "outputs:\n  - models: [models]\n    outt: generated",
		},
		{
			ID: RuleLock, Title: "iotcs-gen.lock can be read",
			Explanation: `The lock in each output folder keeps the Go name of every member, so that a new member never renames an old one. It is sorted text,
one fact a line; conflict markers of a merge are fine, both sides count. A line that is damaged is an error and not skipped: skipping it
could rename what programs call.`,
			Example: "urn:com:example:pump attribute speed",
		},
		{
			ID: RuleWrite, Title: "the output folder can be read and written",
			Explanation: `Everything is written to temporary files first and moved into place at the end, the lock last. When anything fails before that, no
generated file has changed.`,
			Example: "iotcs-gen generate --out README.md",
		},
		{
			ID: RuleStale, Title: "generated files are up to date",
			Explanation: `The file was generated from another state of the model, of the configuration, or by another version of iotcs-gen. The diff shows
what would change. Run "iotcs-gen generate" and commit the result.`,
			Example: "a model changed, the generated code did not",
		},
		{
			ID: RuleMissing, Title: "generated files are there",
			Explanation: `The file is to be generated and does not exist. Run "iotcs-gen generate" and commit the result.`,
			Example:     "a model was added, its package was not generated",
		},
		{
			ID: RuleEdited, Title: "generated files are not edited by hand",
			Explanation: `The last line of a generated file holds a check sum of the rest, and it does not fit. iotcs-gen never overwrites or deletes such a
file, unless it is told so with --force. Move the change to where it belongs: texts into the model, names into iotcs-gen.yaml, code into
a file of your own beside the generated ones.`,
			Example: "a method was added to device.go",
		},
		{
			ID: RuleForeign, Title: "nothing else has the name of a generated file",
			Explanation: `A file that iotcs-gen did not write, a folder or a link stands where a generated file belongs. It is never overwritten, not even
with --force. Move it away, or generate into another folder or package.`,
			Example: "generated/pump/device.go was written by hand before there was a model of that name",
		},
		{
			ID: RuleOrphan, Title: "no generated file is left over",
			Explanation: `The file was generated for a model, or a part of one, that is gone. Nothing is deleted unasked: "iotcs-gen generate --prune" does
it. Only a run that covers the whole configuration calls files orphaned, so one with --urn does not.`,
			Example: "a model was deleted, its package is still there",
		},
	})
}

// Explain finds a rule by its name, in any letter case. When there is none, near is the name that was probably meant, or "".
func Explain(name string) (rule Rule, near string, ok bool) {
	var ids []string
	for _, r := range Rules() {
		if strings.EqualFold(r.ID, name) {
			return r, "", true
		}
		ids = append(ids, r.ID)
	}
	return Rule{}, lint.Nearest(name, ids), false
}
