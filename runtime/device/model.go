package device

import (
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// GeneratedCodeV1 ties generated packages to this runtime: each refers to the
// constant of the generation it was written for. A runtime that can no longer
// serve a generation drops its constant, so that stale code does not compile
// instead of misbehaving.
const GeneratedCodeV1 = 1

// The parts of a device model, under the names that generated code uses.
// They are the types of package devicemodel.
type (
	Model     = devicemodel.Model
	Attribute = devicemodel.Attribute
	Action    = devicemodel.Action
	Argument  = devicemodel.Argument
	Format    = devicemodel.Format
	Field     = devicemodel.Field
	Range     = devicemodel.Range
	Default   = devicemodel.Default
)

// Value types of attributes, arguments and fields (docs/protocol/device-models.md §2.1).
const (
	TypeString   = devicemodel.String
	TypeNumber   = devicemodel.Number
	TypeInteger  = devicemodel.Integer
	TypeBoolean  = devicemodel.Boolean
	TypeDateTime = devicemodel.DateTime
	TypeURI      = devicemodel.URI
)

// Kinds of formats (docs/protocol/device-models.md §4).
const (
	FormatData  = devicemodel.Data
	FormatAlert = devicemodel.Alert
)

// Severity grades an alert; the zero value stands for [Significant], the
// default of every official client (docs/protocol/messages.md §4).
type Severity = wire.Severity

// The severities, from least to most severe.
const (
	SeverityLow         = wire.SeverityLow
	SeverityNormal      = wire.SeverityNormal
	SeveritySignificant = wire.SeveritySignificant
	SeverityCritical    = wire.SeverityCritical
)

// Priority orders messages that wait at the same time: higher ones leave first
// (docs/protocol/messages.md §4).
type Priority = wire.Priority

// The priorities, from lowest to highest.
const (
	PriorityLowest  = wire.Lowest
	PriorityLow     = wire.Low
	PriorityMedium  = wire.Medium
	PriorityHigh    = wire.High
	PriorityHighest = wire.Highest
)

// Reliability says how hard the runtime tries to deliver a message
// (docs/protocol/dispatch.md §4).
type Reliability = wire.Reliability

// The reliabilities, from weakest to strongest.
const (
	NoGuarantee        = wire.NoGuarantee
	BestEffort         = wire.BestEffort
	GuaranteedDelivery = wire.GuaranteedDelivery
)
