// Package lint finds what is wrong with device models and says where: file, line, column, and what to do.
//
// It merges three readers: the loader rules M01 to M15 of package devicemodel, the JSON Schema, and its own look at members whose names
// are nearly right. One mistake gives one finding, all files are reported in one run, and the order of findings is that of the files
// and of their text. [Rules] explains every rule that a finding can name.
package lint
