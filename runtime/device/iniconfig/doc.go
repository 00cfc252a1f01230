// Package iniconfig reads the config.ini of the Python client into options of a
// device, so that a device that moves from that client keeps its settings
// (docs/protocol/python-parity.md §10). Options that the Python client does not
// have got keys of our own; docs/configuration.md lists all of them.
//
// What cannot be obeyed is an error that names file, line and remedy. What has
// no effect, such as a key that nobody knows, is a [Finding] that the program
// should show. It is a package of its own because most devices need no file.
package iniconfig
