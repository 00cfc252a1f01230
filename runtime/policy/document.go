package policy

import "github.com/iotcs-go/iotcs/runtime/wire"

// Function names a function of a pipeline as policy documents write it.
type Function string

// The functions (docs/protocol/policies.md §8). The first twelve belong to the
// pipelines of attributes, the last three to the device pipeline.
const (
	FilterCondition     Function = "filterCondition"
	EliminateDuplicates Function = "eliminateDuplicates"
	DetectDuplicates    Function = "detectDuplicates"
	SampleQuality       Function = "sampleQuality"
	Min                 Function = "min"
	Max                 Function = "max"
	Mean                Function = "mean"
	StandardDeviation   Function = "standardDeviation"
	ComputedMetric      Function = "computedMetric"
	AlertCondition      Function = "alertCondition"
	ActionCondition     Function = "actionCondition"
	PrivacyPolicy       Function = "privacyPolicy"
	BatchBySize         Function = "batchBySize"
	BatchByTime         Function = "batchByTime"
	BatchByCost         Function = "batchByCost"
)

// DeviceLevel is the attribute name of the device pipeline.
const DeviceLevel = "*"

// Policy is a policy document (docs/protocol/policies.md §2).
type Policy struct {
	ID           string
	Name         string // unused by devices
	Description  string // unused by devices
	Enabled      bool   // false: the devices act as if they had no policy
	LastModified int64  // milliseconds since the epoch, by the server's clock
	Pipelines    []Pipeline

	// Excess, if not nil, says that the document has more pipelines, functions or
	// arguments than MaxPipelines and MaxSteps allow. There are no Pipelines then,
	// and the policy drops every value that is offered: what it wants done with
	// them is not known.
	Excess *DocumentError
}

// Active tells whether the policy does anything: it is enabled and has
// pipelines.
func (p *Policy) Active() bool {
	return p != nil && p.Enabled && (len(p.Pipelines) > 0 || p.Excess != nil)
}

// Pipeline is the list of functions for the values of one attribute, or for the
// messages of the device.
type Pipeline struct {
	Attribute string // name, not alias; DeviceLevel for the device pipeline
	Steps     []Step
}

// Step is one function of a pipeline with its parameters. Parameters of other
// functions are kept too and have no effect.
type Step struct {
	Function Function // may be unknown
	Pointer  string   // RFC 6901 pointer of the step in the document

	// Times are milliseconds; 0 stands for absent, and so do Window, Slide and
	// DelayLimit when they are not above 0 in the document.
	Window, Slide, DelayLimit int64

	// BatchSize is the number of messages in a batch; 0: absent, every message
	// is sent at once. What is below 1 in the document is read as 1.
	BatchSize int64

	// Rate is 0 for every value, n for each n-th, RandomRate for one of thirty
	// by chance.
	Rate int64

	Condition, Formula string
	NetworkCost        Cost          // absent or unknown in the document: Satellite
	AlertSeverity      wire.Severity // absent or unknown in the document: critical
	Filter             bool          // absent in the document: true
	Alert              *Alert
	Action             *Action
	Level, HashingKey  string

	// Problems are the parameters that could not be read as their type, and
	// those that were replaced.
	Problems []Problem
}

// RandomRate is the rate of sampleQuality that lets values through by chance.
const RandomRate = -1

// Alert says which alert alertCondition and detectDuplicates raise.
type Alert struct {
	Format   string // URN
	Severity wire.Severity
	Fields   []AlertField // sorted by name
}

// AlertField is a field of an alert; the formula gives its value.
type AlertField struct{ Name, Formula string }

// Action says which action actionCondition calls.
type Action struct {
	Name      string
	Arguments []string // formulas
}
