// Package emit writes the Go source of a [plan.Package]. It decides nothing: every name and every text of the model comes from the plan, so
// that the same plan gives the same bytes on every machine.
//
// A package consists of up to five files: device.go with the main type, attributes and updates, actions.go, alerts.go, data.go, and
// model.go with what the runtime needs to know. Each has the layout of gofmt and ends with a line that holds the SHA-256 of everything
// before it; [CheckSum] tells by it whether someone edited the file.
//
// Texts of a model get into comments and quoted literals only. A comment is always a line comment with a blank after the slashes, so no
// text can end it, nor become a directive of the compiler.
package emit
