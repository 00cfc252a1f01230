// Package devicemodel holds the types of an IoT Cloud Service device model, the loader that reads a model's JSON text, the fingerprint
// that tells two models apart, and the local store of dm-*.json files.
//
// There are two loaders over one set of rules. [Load] is for devices: it takes what an official client would take and reports the rest
// as warnings. [Inspect] is for generators: it reads a model, a list of models or a page of a server's reply and reports every finding
// of the rules M01 to M15 in one run, each with its byte offset, its JSON pointer and a remedy. [Rules] explains the rules.
//
// The package depends on the standard library only. All its functions are safe for concurrent use. A [Model] is plain data: share it
// freely between goroutines as long as nobody changes it.
package devicemodel
