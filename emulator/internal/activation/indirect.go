package activation

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"io"
)

// Indirect is a gateway's request to register a device behind it.
type Indirect struct {
	HardwareID string
	Models     []string          // URNs, each once, in their order; at least one
	Signature  []byte            // nil when absent: registration that binds the device to no gateway
	Metadata   map[string]string // the other members: manufacturer, modelNumber, serialNumber and vendor data
}

// maxMetadata bounds the number of members of one registration.
const maxMetadata = 200

// ParseIndirect reads the body of an indirect activation. Members that are no texts are ignored, as unknown ones are anywhere.
func ParseIndirect(body []byte) (*Indirect, error) {
	var fixed struct {
		HardwareID string   `json:"hardwareId"`
		Models     []string `json:"deviceModels"`
		Signature  *string  `json:"signature"`
	}
	if err := unmarshal(body, &fixed); err != nil {
		return nil, err
	}
	if fixed.HardwareID == "" {
		return nil, malformed("no hardwareId")
	}
	models, err := distinct(fixed.Models)
	if err != nil {
		return nil, err
	}
	if len(models) == 0 {
		return nil, malformed("no deviceModels")
	}
	i := &Indirect{HardwareID: fixed.HardwareID, Models: models}
	if fixed.Signature != nil {
		if i.Signature, err = decodeBase64(*fixed.Signature); err != nil || len(i.Signature) == 0 {
			return nil, malformed("signature is no base64")
		}
	}
	i.Metadata, err = metadata(body)
	return i, err
}

func metadata(body []byte) (map[string]string, error) {
	var all map[string]json.RawMessage
	if err := unmarshal(body, &all); err != nil {
		return nil, err
	}
	if len(all) > maxMetadata {
		return nil, malformed("%d members, at most %d allowed", len(all), maxMetadata)
	}
	texts := make(map[string]string)
	for name, raw := range all {
		var text *string
		if name == "hardwareId" || name == "deviceModels" || name == "signature" || json.Unmarshal(raw, &text) != nil || text == nil {
			continue
		}
		texts[name] = *text
	}
	return texts, nil
}

// VerifySecret tells whether the signature is the MAC of the gateway's endpoint id with the secret of the device: what a gateway sends
// for a device whose secret it was given.
func (i *Indirect) VerifySecret(secret []byte, gateway string) bool {
	if len(secret) == 0 {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	io.WriteString(mac, gateway)
	return hmac.Equal(mac.Sum(nil), i.Signature)
}

// VerifyKey tells whether the signature is the gateway's own, over its endpoint id: what a gateway sends to bind a device to itself.
func (i *Indirect) VerifyKey(key *rsa.PublicKey, gateway string) bool {
	if key == nil {
		return false
	}
	sum := sha256.Sum256([]byte(gateway))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], i.Signature) == nil
}
