// Package source finds and reads the files that the generator works on.
//
// A path is a file or a folder. Of a folder it takes every dm-*.json file and every other *.json file that is, or may be meant as, a
// device model; what it leaves out it names, with the reason. The answer does not depend on the order of the paths, on the order in
// which the file system lists names, or on links that lead to one file twice. A [Locator] turns the byte offsets of later findings
// into lines and columns.
package source
