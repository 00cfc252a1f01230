// Package query reads what stands behind the question mark of a management call and applies it to a collection: the lenient decoder
// of parameters ([Parse]), the filter language of the parameter q ([ParseFilter]), orders ([ParseOrder]) and pages ([ParsePage]).
//
// The rules are those of docs/protocol/management-api.md §1.4 and §1.5. Documents are what encoding/json makes of an object:
// map[string]any, []any, string, float64, bool and nil; numbers may also be int64, so that times in milliseconds stay exact.
//
// Nothing here keeps state; filters and orders may be shared by many goroutines.
package query
