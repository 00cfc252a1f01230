// Package lock reads and writes iotcs-gen.lock, the memory of the generator: which Go name each member of a device model got, the package
// and type of each model, and the files that the generator wrote.
//
// Go names are a function of wire names only until two of them collide; from then on it matters who came first. The lock makes that
// history a file: a name that stands in it is kept as long as the lock is kept, also when the member goes away and comes back, and is
// never given to a new member.
//
// The file is made for version control. It is sorted text with one fact a line and no sums over several lines, so that git's union merge
// (`iotcs-gen.lock merge=union` in .gitattributes) gives the right result; a file with conflict markers is read as the union of both
// sides all the same:
//
//	urn:com:example:pump action reset Reset
//	urn:com:example:pump alert urn:com:example:pump:too_hot TooHot
//	urn:com:example:pump attribute left-door LeftDoor
//	urn:com:example:pump attribute left_door LeftDoor2
//	urn:com:example:pump field urn:com:example:pump:too_hot temperature Temperature
//	urn:com:example:pump file pump/device.go
//	urn:com:example:pump package pump
//	urn:com:example:pump type Pump
package lock
