// Package modelschema checks the JSON text of a device model against a JSON Schema (draft 2020-12) and says in plain words what does not
// conform.
//
// The schema is device-model.schema.json in this folder; editors can use it as it is. It describes the form of one model, not what only a
// walk over the whole model can tell: unique names, ranges in order, defaults inside ranges. That is the job of runtime/devicemodel, which
// also finds what the schema finds, with two exceptions: members that no client reads (times, links, owner, source) are checked by the
// schema alone, and names that occur twice in one object by the loader alone.
//
// Generators and the emulator use the package. Device programs must not: the schema compiler is large and takes its time.
package modelschema
