package policy

import (
	"math"
	"strconv"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/policy/formula"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// builder makes the start function of a step. It gives nil for a function that
// is to be left out, and reports what makes it unusable to the compiler.
type builder func(c *compiler, s *Step, kind devicemodel.Type) func(now int64) step

// builder gives the builder of a function of attribute pipelines, nil for any
// other.
func (f Function) builder() builder {
	switch f {
	case FilterCondition:
		return buildFilter
	case EliminateDuplicates:
		return buildEliminate
	case DetectDuplicates:
		return buildDetect
	case SampleQuality:
		return buildSample
	case Min, Max, Mean, StandardDeviation:
		return buildWindow
	case ComputedMetric:
		return buildComputed
	case AlertCondition:
		return buildAlertCondition
	case ActionCondition:
		return buildActionCondition
	case PrivacyPolicy:
		return buildPrivacy
	}
	return nil
}

// batches tells whether a function belongs to the device pipeline.
func (f Function) batches() bool {
	return f == BatchBySize || f == BatchByTime || f == BatchByCost
}

// takes tells whether a function has a parameter, or a member of one, whose
// problems matter to it.
func (f Function) takes(parameter string) bool {
	switch parameter {
	case "window":
		return f.windowed() || f == EliminateDuplicates || f == DetectDuplicates || f == BatchByTime
	case "slide":
		return f.windowed()
	case "delayLimit":
		return f == BatchByTime
	case "batchSize":
		return f == BatchBySize
	case "rate":
		return f == SampleQuality
	case "networkCost":
		return f == BatchByCost
	case "alertSeverity":
		return f.batches()
	case "condition":
		return f == FilterCondition || f == AlertCondition || f == ActionCondition
	case "filter":
		return f == AlertCondition || f == ActionCondition
	case "formula":
		return f == ComputedMetric
	case "level", "hashingKey":
		return f == PrivacyPolicy
	}
	return f == AlertCondition || f == DetectDuplicates // members of "alert"
}

// windowed tells whether a function works on windows that a timer ends.
func (f Function) windowed() bool {
	return f == Min || f == Max || f == Mean || f == StandardDeviation
}

func buildFilter(c *compiler, s *Step, _ devicemodel.Type) func(int64) step {
	return always(filter{c.program(s, "condition", formula.Condition, s.Condition)})
}

func buildEliminate(c *compiler, s *Step, _ devicemodel.Type) func(int64) step {
	c.boundWindow(s)
	return func(int64) step { return &eliminate{window: s.Window} }
}

func buildDetect(c *compiler, s *Step, _ devicemodel.Type) func(int64) step {
	c.boundWindow(s)
	alert := c.alert(s)
	return func(int64) step { return &detect{window: s.Window, alert: alert} }
}

// boundWindow reports the window of a duplicate function when it is too long.
func (c *compiler) boundWindow(s *Step) {
	if s.Window > MaxWindow.Milliseconds() {
		c.report(s.Pointer+"/parameters/window", false, ErrBound, "")
	}
}

func buildSample(_ *compiler, s *Step, _ devicemodel.Type) func(int64) step {
	switch s.Rate {
	case 0:
		return always(passAll{})
	case RandomRate:
		return always(sampleByChance{})
	}
	return func(int64) step { return &sample{rate: s.Rate} }
}

func buildWindow(c *compiler, s *Step, kind devicemodel.Type) func(int64) step {
	pointer := s.Pointer + "/parameters/window"
	if s.Window == 0 {
		c.report(pointer, true, ErrNoWindow, "")
		return nil
	}
	f := frame{length: s.Window, slide: s.Slide}
	if f.slide == 0 {
		f.slide = f.length
	}
	longest, shortest := MaxWindow.Milliseconds(), MinSlide.Milliseconds()
	if f.length > longest || f.slide > longest || f.slide < shortest || f.length/f.slide > MaxOverlap {
		c.report(pointer, false, ErrBound, "")
		return nil
	}
	if c.panes += f.ringSize(); c.panes > MaxPanes {
		c.report(pointer, false, ErrBound, "the windows of the policy need more than "+strconv.Itoa(MaxPanes)+" panes")
		return nil
	}
	fold, numeric := s.Function.fold(), numericResult
	if s.Function == Min || s.Function == Max {
		numeric = resultLike(kind)
	}
	return func(now int64) step { return &window{frame: f, fold: fold, numeric: numeric, start: now} }
}

// fold gives the aggregate of a windowed function.
func (f Function) fold() aggregate {
	switch f {
	case Min:
		return minimum{}
	case Max:
		return maximum{}
	case Mean:
		return average{}
	default:
		return deviation{}
	}
}

func numericResult(x float64) value { return wire.NumberValue(x) }

// integerResult keeps a number that is no integer as it is: messages that the
// application made itself may hold one.
func integerResult(x float64) value {
	if x != math.Trunc(x) || math.Abs(x) > exact {
		return numericResult(x)
	}
	return wire.IntegerValue(int64(x))
}

// resultLike gives the maker of results that are values of the attribute
// themselves.
func resultLike(kind devicemodel.Type) func(float64) value {
	switch kind {
	case devicemodel.Integer:
		return integerResult
	case devicemodel.DateTime:
		return func(x float64) value { return wire.DateTimeValue(int64(x)) }
	}
	return numericResult
}

func buildComputed(c *compiler, s *Step, _ devicemodel.Type) func(int64) step {
	return always(computed{c.program(s, "formula", formula.Formula, s.Formula)})
}

func buildAlertCondition(c *compiler, s *Step, _ devicemodel.Type) func(int64) step {
	condition := c.program(s, "condition", formula.Condition, s.Condition)
	return always(alertCondition{condition: condition, alert: c.alert(s), filter: s.Filter})
}

func buildActionCondition(c *compiler, s *Step, _ devicemodel.Type) func(int64) step {
	condition := c.program(s, "condition", formula.Condition, s.Condition)
	return always(actionCondition{condition: condition, action: c.action(s), filter: s.Filter})
}

func buildPrivacy(c *compiler, s *Step, _ devicemodel.Type) func(int64) step {
	pointer := s.Pointer + "/parameters/"
	switch s.Level {
	case "one-way":
		return always(hash{})
	case "two-way":
		if s.HashingKey == "" {
			c.report(pointer+"hashingKey", true, ErrNoKey, "")
			return always(passAll{})
		}
		return always(hash{key: []byte(s.HashingKey)})
	case "random":
		c.report(pointer+"level", true, ErrRandomLevel, "")
		return always(dropAll{})
	case "", "none":
	default:
		c.report(pointer+"level", true, ErrUnknownLevel, s.Level)
	}
	return always(passAll{})
}
