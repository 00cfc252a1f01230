// Package gen turns device models into Go packages: read, check, plan, emit, compare with what lies on disk, write.
//
// [Load] finds the configuration, [Run] does everything in memory, and the [Result] says which files are current, stale, missing, edited
// by hand or orphaned. Only [Result.Write] changes anything on disk, and it changes all or, when something stands in the way, nothing.
// The same input gives the same bytes on every machine.
//
// Whatever is wrong with models, configuration, lock or output folder is a [Diagnostic] with a place and a remedy; errors are left for
// contexts that end. [Rules] explains the rules that diagnostics name.
package gen
