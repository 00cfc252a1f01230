// Package formulas compares runtime/policy/formula with other expression
// evaluators for Go on ten formulas of testdata/policies/formulas.json: the time
// to compute each, and to compile it. Every evaluator first has to give the
// result that the vectors ask for.
//
// The module is separate so that its peers stay out of users' module graphs. Run
// it with
//
//	go test -bench . -benchmem ./formulas
//
// from internal/bench.
package formulas
