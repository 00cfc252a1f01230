package formulas

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"github.com/Knetic/govaluate"
	"github.com/expr-lang/expr"

	"github.com/iotcs-go/iotcs/runtime/policy/formula"
)

// run computes a compiled formula once and drops the result.
type run func() (any, error)

// evaluator compiles a formula of the comparison and binds the values.
type evaluator struct {
	name    string
	compile func(comparison, vector) (run, error)
}

var evaluators = []evaluator{
	{"iotcs", compileOurs},
	{"expr", compileExpr},
	{"cel", compileCEL},
	{"govaluate", compileGovaluate},
}

func compileOurs(_ comparison, v vector) (run, error) {
	env := &formula.Values{}
	slots := func(name string) (int, formula.Kind) {
		stored, inProcess := value(v.Values[name]), value(v.InProcess[name])
		env.Stored = append(env.Stored, stored)
		env.InProcess = append(env.InProcess, inProcess)
		return len(env.Stored) - 1, max(stored.Kind(), inProcess.Kind())
	}
	entry := formula.Formula
	if v.Entry == "condition" {
		entry = formula.Condition
	}
	program, err := formula.Compile(entry, v.Formula, slots)
	if err != nil {
		return nil, err
	}
	var last formula.Value
	return func() (any, error) {
		last, err = program.Eval(env)
		return &last, err // a pointer, so that the comparison does not pay for boxing
	}, nil
}

func value(x any) formula.Value {
	switch x := x.(type) {
	case float64:
		return formula.NumberValue(x)
	case string:
		return formula.TextValue(x)
	}
	return formula.Value{}
}

func compileExpr(c comparison, v vector) (run, error) {
	variables := v.variables(c.operands)
	program, err := expr.Compile(c.expr, expr.Env(variables))
	if err != nil {
		return nil, err
	}
	return func() (any, error) { return expr.Run(program, variables) }, nil
}

func compileCEL(c comparison, v vector) (run, error) {
	variables := v.variables(c.operands)
	options := make([]cel.EnvOption, 0, len(variables))
	for name, value := range variables {
		kind := cel.DoubleType
		if _, ok := value.(string); ok {
			kind = cel.StringType
		}
		options = append(options, cel.Variable(name, kind))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(c.cel)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, err
	}
	return func() (any, error) {
		out, _, err := program.Eval(variables)
		return out, err
	}, nil
}

func compileGovaluate(c comparison, v vector) (run, error) {
	variables := v.variables(c.operands)
	expression, err := govaluate.NewEvaluableExpression(c.valuate)
	if err != nil {
		return nil, err
	}
	return func() (any, error) { return expression.Evaluate(variables) }, nil
}

// number reads the result of any of the evaluators; true is 1.
func number(result any) (float64, error) {
	switch r := result.(type) {
	case *formula.Value:
		return r.Number(), nil
	case float64:
		return r, nil
	case int:
		return float64(r), nil
	case bool:
		if r {
			return 1, nil
		}
		return 0, nil
	case interface{ Value() any }:
		return number(r.Value())
	}
	return 0, fmt.Errorf("result %T", result)
}
