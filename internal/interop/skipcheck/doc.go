// Skipcheck runs `go test` one or more times and fails when a test was never
// really run.
//
// Every argument is one pass: the arguments of one `go test`, separated by
// blanks. Allocations can only be counted without the race detector and data
// races only be found with it, so the project's tests need two passes:
//
//	go run ./internal/interop/skipcheck "-race ./..." "./..."
//
// Output is what `go test` prints for people: results by package, and the
// output of tests that failed. After the last pass come the tests that were
// skipped in every pass in which they appeared. With IOTCS_INTEROP=1 there must
// be none; without it they are listed with their reasons. So no list of
// permitted skips is kept: a test may skip where it makes no sense as long as
// it passes somewhere. What needs root, or a user other than root, is excused
// when it says so through package interop.
//
// The exit code is 0 when every pass succeeded, 1 when a test failed, was
// never run where that is demanded, or none was run at all, and 2 when
// `go test` could not be started.
package main
