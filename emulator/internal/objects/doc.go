// Package objects keeps the content of storage objects (docs/protocol/storage.md §9): one container of them, in a folder.
//
// No name of an object ever becomes a name of a file. Files are numbered: 17 is the content of an object, as it was sent, and 17.json
// says whose it is. An object is there when its second file is there, which is made last and by rename, so that it is replaced whole or
// not at all. Whoever reads an object that is replaced or removed meanwhile reads the old one to its end.
//
// Memory does not grow with the content. What all objects need on the disk, half-written ones included, is bounded by a quota.
//
// [Tokens] gives out the tokens with which the container is used, and knows them again.
package objects
