package policy

import (
	"math"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

// filter is filterCondition: a value for which the condition holds is thrown
// away. Here a condition holds when it is at least 1 in size, or NaN
// (docs/protocol/policies.md §8.1).
type filter struct{ condition *formula.Program }

func (f filter) apply(e *Engine, _ int64, v value) (value, bool, error) {
	c, err := f.condition.EvalNumber((*values)(e))
	return v, c > -1 && c < 1, err
}

// computed is computedMetric: the value of the formula takes the place of the
// value; NaN and the infinities are no values.
type computed struct{ formula *formula.Program }

func (c computed) apply(e *Engine, _ int64, _ value) (value, bool, error) {
	result, err := c.formula.EvalNumber((*values)(e))
	return numericResult(result), !math.IsNaN(result) && !math.IsInf(result, 0), err
}

// alertCondition raises an alert for each value for which the condition holds.
// With filter the value does not go on then. An alert that cannot be made is
// reported.
type alertCondition struct {
	condition *formula.Program
	alert     *alertPlan
	filter    bool
}

func (a alertCondition) apply(e *Engine, _ int64, v value) (value, bool, error) {
	c, err := a.condition.EvalNumber((*values)(e))
	if err != nil || !finite(c) {
		return v, err == nil, err
	}
	e.report(a.alert.raise(e))
	return v, !a.filter, nil
}

// actionCondition calls an action for each value for which the condition holds.
// With filter the value does not go on then.
type actionCondition struct {
	condition *formula.Program
	action    *actionPlan
	filter    bool
}

func (a actionCondition) apply(e *Engine, _ int64, v value) (value, bool, error) {
	c, err := a.condition.EvalNumber((*values)(e))
	if err != nil || !finite(c) {
		return v, err == nil, err
	}
	return v, !a.filter, a.action.call(e)
}

// finite is the truth of alertCondition and actionCondition: any finite number
// but 0 (docs/protocol/policies.md §8.7).
func finite(c float64) bool { return c != 0 && !math.IsNaN(c) && !math.IsInf(c, 0) }
