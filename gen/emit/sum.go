package emit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// sumMark begins the last line of a generated file. What follows is the SHA-256 of all lines before, in hexadecimal digits.
const sumMark = "// iotcs-gen:sum "

// sumSize is how many bytes [appendSum] adds.
const sumSize = 1 + len(sumMark) + 2*sha256.Size + 1

func appendSum(content []byte) []byte {
	content = append(content, '\n')
	return append(append(append(content, sumMark...), sum(content)...), '\n')
}

func sum(content []byte) string {
	h := sha256.Sum256(content)
	return hex.EncodeToString(h[:])
}

// CheckSum tells whether a file is as the generator wrote it. present is false when it has no line with a sum: the generator did not write
// it, or someone cut its end. ok is true when nothing was changed before that line and nothing added after it. Line ends
// do not count: a version control system may have made CR LF of them.
func CheckSum(content []byte) (ok, present bool) {
	if bytes.IndexByte(content, '\r') >= 0 {
		content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	}
	at := bytes.LastIndex(content, []byte("\n"+sumMark)) + 1
	if at == 0 {
		return false, false
	}
	return string(content[at:]) == sumMark+sum(content[:at])+"\n", true
}
