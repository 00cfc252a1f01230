package devicemodel

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	filePrefix  = "dm-"
	fileSuffix  = ".json"
	maxFileName = 255 // bytes of one name on ext4, APFS, NTFS and their like
)

// Reasons why a URN has no file name.
var (
	ErrBadURN      = errors.New("the URN is empty or not UTF-8")
	ErrNameTooLong = errors.New("the file name of the device model is too long")
)

// NameTooLongError says that the file name of a URN is longer than file systems allow. It matches [ErrNameTooLong].
type NameTooLongError struct {
	URN    string
	Length int // bytes that the name would have
	Limit  int // bytes that it may have: 255
}

// Error names the URN and the lengths.
func (e *NameTooLongError) Error() string {
	return fmt.Sprintf("%v: %s needs %d bytes, file systems allow %d", ErrNameTooLong, quote(e.URN), e.Length, e.Limit)
}

// Is tells whether target is [ErrNameTooLong].
func (e *NameTooLongError) Is(target error) bool { return target == ErrNameTooLong }

// FileName gives the name of the file that holds the model with the given URN in a local store: "dm-", the URN as
// application/x-www-form-urlencoded, ".json" (docs/protocol/device-models.md §9). It is the name that the official clients use.
//
// Errors: [ErrBadURN] for a URN that is empty or not UTF-8, a [*NameTooLongError] for a name over 255 bytes.
// Two URNs that differ only in case have names that differ only in case, which some file systems do not tell apart; a URN with an
// asterisk has a name that Windows refuses.
func FileName(urn string) (string, error) {
	if urn == "" || !utf8.ValidString(urn) {
		return "", fmt.Errorf("%w: %s", ErrBadURN, quote(urn))
	}
	name := encodeURN(urn)
	if len(name) > maxFileName {
		return "", &NameTooLongError{URN: urn, Length: len(name), Limit: maxFileName}
	}
	return name, nil
}

func encodeURN(urn string) string {
	var b strings.Builder
	b.Grow(len(filePrefix) + len(urn) + len(urn)/2 + len(fileSuffix))
	b.WriteString(filePrefix)
	for i := range len(urn) {
		switch c := urn[i]; {
		case keptInFileName(c):
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			const hex = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	b.WriteString(fileSuffix)
	return b.String()
}

func keptInFileName(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '.' || c == '-' || c == '*' || c == '_'
}

// URNOfFileName gives the URN that has the given file name (without a folder). It knows only names that [FileName] makes, byte for byte:
// ok is false for any other.
func URNOfFileName(name string) (urn string, ok bool) {
	rest, ok := strings.CutPrefix(name, filePrefix)
	if !ok {
		return "", false
	}
	if rest, ok = strings.CutSuffix(rest, fileSuffix); !ok {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; c {
		case '+':
			b.WriteByte(' ')
		case '%':
			if i+2 >= len(rest) {
				return "", false
			}
			r, ok := hex4([]byte{'0', '0', rest[i+1], rest[i+2]})
			if !ok {
				return "", false
			}
			b.WriteByte(byte(r))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	urn = b.String()
	again, err := FileName(urn)
	return urn, err == nil && again == name
}
