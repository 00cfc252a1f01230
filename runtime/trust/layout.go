package trust

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxSize is the largest provisioning file, in bytes, that is read or written. A
// gateway with two thousand connected devices stays far below it.
const MaxSize = 1 << 20

// version is the first byte of a file; lastVersion the last of the reserved ones.
const (
	version     = '!'
	lastVersion = 126
)

const (
	lineLength    = 76 // of the base64, as Java's MIME encoder breaks it
	maxComments   = 16 // extra comment lines that a rewrite keeps
	maxCommentLen = 256
)

// splitFile returns the decoded blob of a file and the comment lines that are not
// the usual two (docs/protocol/provisioning.md §1.1).
func splitFile(data []byte) (blob []byte, comments []string, err error) {
	if len(data) > MaxSize {
		return nil, nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, MaxSize)
	}
	if len(data) == 0 {
		return nil, nil, fmt.Errorf("%w: it is empty", ErrNotProvisioning)
	}
	if store := legacyStore(data); store != "" {
		return nil, nil, &remedied{fmt.Errorf("%w (%s)", ErrLegacyFormat, store),
			"make a new provisioning file in the unified format: iotcs-provision create"}
	}
	if data[0] != version {
		if data[0] < version || data[0] > lastVersion {
			return nil, nil, fmt.Errorf("%w: it begins with byte %d", ErrNotProvisioning, data[0])
		}
		return nil, nil, fmt.Errorf("%w: version byte %d, not %d", ErrVersion, data[0], version)
	}
	text, rest, found := bytes.Cut(data[1:], []byte("#"))
	if found {
		comments = extraComments("#" + string(rest))
	}
	blob, err = decodeBase64(text)
	return blob, comments, err
}

// legacyStore names the older store that data is of, "" for none
// (docs/protocol/provisioning.md §9).
func legacyStore(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xce, 0xce, 0xce, 0xce}):
		return "Java key store, JCEKS"
	case bytes.HasPrefix(data, []byte{0xfe, 0xed, 0xfe, 0xed}):
		return "Java key store, JKS"
	case len(data) > 1 && data[0] == 0x30 && data[1]&0xf0 == 0x80:
		return "Java key store, PKCS#12"
	case bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")):
		return "JavaScript JSON store"
	}
	return ""
}

// decodeBase64 skips what is not in the alphabet: line ends, blanks, NUL bytes.
// Missing padding shows that the end is missing.
func decodeBase64(text []byte) ([]byte, error) {
	digits := make([]byte, 0, len(text))
	for _, c := range text {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/', c == '=':
			digits = append(digits, c)
		}
	}
	blob := make([]byte, base64.StdEncoding.DecodedLen(len(digits)))
	n, err := base64.StdEncoding.Decode(blob, digits)
	if err != nil {
		return nil, fmt.Errorf("%w: the base64 is cut off or has padding inside", ErrCorrupt)
	}
	return blob[:n], nil
}

// extraComments returns the lines of an operator. What follows the first line
// without "#" is garbage of network provisioning.
func extraComments(text string) []string {
	var extra []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if !strings.HasPrefix(line, "#") || len(extra) == maxComments {
			break
		}
		usual := line == "#" || strings.HasPrefix(line, "#serverUri:") || strings.HasPrefix(line, "#clientId:")
		if !usual && len(line) <= maxCommentLen && utf8.ValidString(line) && !hasControl(line) {
			extra = append(extra, line)
		}
	}
	return extra
}

// joinFile writes a file as Java does: base64 in lines of 76 characters with CR LF,
// then LF and the comment lines, without which neither official client reads it.
func joinFile(blob []byte, serverURI, clientID string, extra []string) ([]byte, error) {
	digits := base64.StdEncoding.EncodeToString(blob)
	var b bytes.Buffer
	b.Grow(len(digits) + len(digits)/lineLength*2 + 256)
	b.WriteByte(version)
	for len(digits) > lineLength {
		b.WriteString(digits[:lineLength] + "\r\n")
		digits = digits[lineLength:]
	}
	b.WriteString(digits + "\n")
	b.WriteString("#serverUri:" + commentText(serverURI) + "\n")
	b.WriteString("#clientId:" + commentText(clientID) + "\n")
	for _, line := range extra {
		b.WriteString(line + "\n")
	}
	if b.Len() > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, b.Len(), MaxSize)
	}
	return b.Bytes(), nil
}

// commentText keeps a value on its line.
func commentText(text string) string {
	return strings.Map(func(r rune) rune {
		if hasControl(string(r)) {
			return '?'
		}
		return r
	}, text)
}
