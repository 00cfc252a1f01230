package trust

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Tags of the format (docs/protocol/provisioning.md §1.3).
const (
	tagServerURI       = 1
	tagClientID        = 2
	tagSecret          = 3
	tagEndpointID      = 4
	tagTrustAnchor     = 5
	tagPrivateKey      = 6
	tagPublicKey       = 7
	tagConnectedDevice = 8
)

// maxValue is the largest value that a length field can tell.
const maxValue = 65535

// tlv is one tag-length-value triple.
type tlv struct {
	tag   byte
	value []byte
}

// parseTLVs takes data apart; the values share its memory. A triple that does not
// end inside data is an error that names its offset and nothing of its content.
func parseTLVs(data []byte) ([]tlv, error) {
	var all []tlv
	for offset := 0; offset < len(data); {
		rest := data[offset:]
		if len(rest) < 3 {
			return nil, fmt.Errorf("tag at offset %d has no length", offset)
		}
		length := int(binary.BigEndian.Uint16(rest[1:]))
		if length > len(rest)-3 {
			return nil, fmt.Errorf("value at offset %d goes beyond the end", offset)
		}
		all = append(all, tlv{rest[0], rest[3 : 3+length]})
		offset += 3 + length
	}
	return all, nil
}

// appendTLV appends one triple. The value must not be longer than maxValue.
func appendTLV(dst []byte, tag byte, value []byte) []byte {
	if len(value) > maxValue {
		panic("trust: value of " + strconv.Itoa(len(value)) + " bytes in a provisioning file")
	}
	dst = append(dst, tag)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(value)))
	return append(dst, value...)
}
