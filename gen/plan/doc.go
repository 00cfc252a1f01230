// Package plan decides everything about generated code that is a decision: package names, Go names, types, documentation texts, the order
// of members. Package emit only writes down what a [Plan] says, and other emitters may do the same: a Plan turns into JSON and back.
//
// # Names
//
// A Go name is a function of the wire name and of the lock (package lock), never of the position in the model or of the run. The rules
// stand in naming.go with the lists of reserved names; they are frozen with the first release, since a changed rule renames what users'
// programs call:
//
//	wire name            Go name           because
//	left-front-door      LeftFrontDoor     cut at every character that is no letter or digit, capitalise, join
//	ora_obd2_speed       OraObd2Speed
//	maxThreshold         MaxThreshold      a step from lower to upper case begins a word
//	ESC                  ESC               other letters stay as they are
//	3phase               X3phase           a first character without upper case gets X in front
//	温度                  X温度
//	größe                Größe
//	---                  none              an error: rule M12
//
// A member claims its name in every form in which generated code may ever use it, whether it is used now or not, so that a member that
// becomes writable or gets a range renames nothing:
//
//	member        in the main type                   in builders      in the package
//	model T                                                           T
//	attribute X   X, SetX, OfferX, OnX, OnXError     X of Update      XMin, XMax
//	action X                                                          XArgs, and X of Actions
//	alert X       NewXAlert                                           XAlert, XFields
//	data X        NewXData                                            XData, XDataFields
//	field X                                          X of its type    and of XFields
//	argument X                                                        X of XArgs
//
// When a claim is taken, by another member or by generated code itself, the name gets the first of 2, 3, … that is free in all forms. Who
// comes first: names on record in the lock and names that the configuration chooses (a chosen name replaces the one on record, and must not
// be on record for another member); then the names of former members, which stay on record; then new members, attributes before actions
// before formats, each in byte order of wire names: first all that need no number, then the others. Every number is told in the doc
// comment and by a warning of rule M12 that shows how to choose a better name.
//
// A format is called after the part of its URN that follows the model's URN, or, when its URN is none of the model's, after its display
// name; the words alert and data are left out at either end since the suffix says them: …:too_hot and "tooHotAlert" are both TooHot.
//
// # Packages
//
// A package is called after the last segment of the model's URN, in lower-case ASCII letters and digits. The segment before it is put in
// front, and the one before that, as long as the name is empty, begins with a digit, is reserved (see naming.go), or is the
// name of another model; of several new models with one name all get longer. The main type is called after the last segment, and those
// before it only where that gives no name.
package plan
