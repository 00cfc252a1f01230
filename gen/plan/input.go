package plan

import (
	"github.com/iotcs-go/iotcs/gen/lock"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Input is what [Build] decides from.
type Input struct {
	// Models are all models of one output folder, in any order. The name of a package depends on its neighbours: to generate some
	// models only, plan all and emit some.
	Models []*devicemodel.Model
	// Lock is the lock of the output folder; nil means that nothing is on record.
	Lock *lock.Lock
	// Overrides holds the names that the configuration chooses, by URN. URNs of models that are not in Models do not matter.
	Overrides map[string]Override
}

// Override holds names that the configuration chooses for one model. They go before everything else, the lock included.
type Override struct {
	Package string // package name; "" leaves it to the rules
	Type    string // name of the main type; "" leaves it to the rules
	// Names are Go names by member. The key is the member's wire name, for a format its URN, where that is unique among
	// attributes, actions and formats; otherwise, and for arguments and fields, the pointer that [Diagnostic.Key] shows:
	// /attributes/reset, /actions/reset, /actions/prime/arguments/seconds, /formats/urn:com:example:pump:hot/fields/note. Within a
	// pointer ~1 stands for a slash and ~0 for a tilde.
	Names map[string]string
}

// Rule is the rule that [Build] checks.
const Rule = "M12"

// RuleConfig is the rule of diagnostics about the configuration itself.
const RuleConfig = "CONFIG"

// Diagnostic is one remark about a name.
type Diagnostic struct {
	URN     string            `json:"urn"`     // the model
	Pointer string            `json:"pointer"` // RFC 6901 pointer into the model's JSON, such as /attributes/3/name; /urn for package and type
	Key     string            `json:"key"`     // key for [Override.Names]; "package" and "type" for the members of [Override] beside it
	Rule    string            `json:"rule"`    // always [Rule]
	Level   devicemodel.Level `json:"level"`
	Text    string            `json:"text"`   // what is the matter, lower case, without a full stop
	Remedy  string            `json:"remedy"` // what to do, with the line of the configuration
}
