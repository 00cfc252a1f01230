// Package fetch brings device models from a server into a folder of dm-*.json
// files, the store that devices and the generator read: as a user of the
// management API, or as an activated device, which may read the models it knows
// by name but cannot list them. Nothing is written unless everything that was
// asked for could be read.
package fetch
