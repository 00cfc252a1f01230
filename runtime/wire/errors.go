package wire

import (
	"errors"
	"fmt"
)

// What can be wrong with a message. DecodeError, InvalidError and LimitError
// say where.
var (
	ErrSyntax       = errors.New("not JSON")
	ErrTooDeep      = errors.New("nested too deep")
	ErrMissing      = errors.New("missing")
	ErrWrongType    = errors.New("wrong JSON type")
	ErrDuplicate    = errors.New("duplicate name")
	ErrUnknownType  = errors.New("unknown message type")
	ErrUnknownValue = errors.New("unknown value")
	ErrNumber       = errors.New("number out of range")
	ErrNotBase64    = errors.New("not base64")
	ErrNotUTF8      = errors.New("not UTF-8")
	ErrEmpty        = errors.New("empty")
	ErrEmptyKey     = errors.New("empty name")
	ErrNotFinite    = errors.New("number is not finite")
	ErrNoValue      = errors.New("no value")
	ErrNotPrintable = errors.New("character outside 32 to 126")
	ErrPayload      = errors.New("payload does not fit the message type")
	ErrNotForDevice = errors.New("not a message for a device")
	ErrNotForServer = errors.New("not a message from a device")
	ErrUUID         = errors.New("not a UUID")
)

// LimitError reports a text over its limit (docs/protocol/messages.md §5).
type LimitError struct {
	What   string // "name" or "text"
	Length int    // bytes of UTF-8
	Limit  int    // bytes of UTF-8 allowed
}

// Error gives the length and the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%s of %d bytes, limit %d", e.What, e.Length, e.Limit)
}

// InvalidError reports a message that breaks a rule of §5 (Append) or that the
// receiving end must refuse (CheckRequest, CheckFromDevice).
type InvalidError struct {
	Pointer string // RFC 6901 pointer of the member, which may be missing
	Code    Code
	Err     error // a sentinel of this package or a *LimitError
}

// Error gives the member, the cause and the error number.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("wire: message invalid at %q: %v (%d)", e.Pointer, e.Err, e.Code)
}

// Unwrap gives the cause.
func (e *InvalidError) Unwrap() error { return e.Err }

// DecodeError reports text that DecodeMessage, SplitArray or DecodeObject does
// not take. A receiver of a message that goes on can answer with what could be
// read: ID, Source and Destination.
type DecodeError struct {
	Offset  int64  // byte offset in the text; of the enclosing object when a member is missing
	Pointer string // RFC 6901 pointer of the member, which may be missing
	Code    Code
	Err     error // a sentinel of this package

	ID          string // "" if not read
	Source      string // "" if not read
	Destination string // "" if not read
	Detail      string // what was found, at most 64 bytes, such as the unknown name; may be ""
}

// Error gives the place, the cause, what was found and the error number.
func (e *DecodeError) Error() string {
	text := fmt.Sprintf("wire: offset %d, %q: %v", e.Offset, e.Pointer, e.Err)
	if e.Detail != "" {
		text += fmt.Sprintf(": %.64q", e.Detail)
	}
	return fmt.Sprintf("%s (%d)", text, e.Code)
}

// Unwrap gives the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// Code is an error number of the Java client (docs/protocol/messages.md §10).
// Where that list gives a range only, the number inside it is our choice.
type Code int

// The numbers in use.
const (
	CodeOther            Code = 1000 // anything else, unknown names included
	CodeSyntax           Code = 1001
	CodeNoText           Code = 1003
	CodeNoID             Code = 1005 // neither id nor clientId
	CodeID               Code = 1006
	CodeNoSource         Code = 1007
	CodeNoPriority       Code = 1010
	CodePriority         Code = 1011
	CodeNoReliability    Code = 1012
	CodeReliability      Code = 1013
	CodePropertyName     Code = 1016
	CodePropertyValue    Code = 1017
	CodeNoType           Code = 1018
	CodeType             Code = 1019
	CodeNoDataPayload    Code = 1101
	CodeDataFormat       Code = 1102
	CodeDataItems        Code = 1103
	CodeNoRequestPayload Code = 1201
	CodeMethod           Code = 1203
	CodeURL              Code = 1204
	CodeNotBase64        Code = 1205
	CodeNoBody           Code = 1206
	CodeNoResponse       Code = 1301
	CodeNoStatus         Code = 1303
	CodeStatus           Code = 1304
	CodeRequestID        Code = 1306
	CodeNoResponseBody   Code = 1308
	CodeResponseBody     Code = 1309
	CodeNoAlertPayload   Code = 1401
	CodeAlertFormat      Code = 1402
	CodeAlertItems       Code = 1403
	CodeAlertSeverity    Code = 1404
	CodeAlertDescription Code = 1405
)
