package rest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/iotcs-go/iotcs/runtime/trust"
)

// assertionLife is how long an assertion is valid (docs/protocol/transport.md §4).
const assertionLife = 900 * time.Second

// audience is who the assertion is for.
const audience = "oracle/iot/oauth2/token"

type claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"` // seconds
}

// assertion is the JWT by which the device identifies itself: signed with the
// shared secret before activation, with the private key after it.
func (c *Client) assertion(now time.Time) (id, jwt string, err error) {
	id, algorithm := c.assets.EndpointID(), "RS256"
	sign := c.signWithKey
	if id == "" {
		id, algorithm = c.assets.ClientID(), "HS256"
		sign = func(data []byte) ([]byte, error) { return c.assets.SignWithSecret("", data) }
	}
	body, err := json.Marshal(claims{Issuer: id, Subject: id, Audience: audience, Expires: now.Add(assertionLife).Unix()})
	if err != nil {
		return "", "", fmt.Errorf("assertion: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"typ":"JWT","alg":"`+algorithm+`"}`)) + "." + encode(body)
	signature, err := sign([]byte(signed))
	if err != nil {
		return "", "", fmt.Errorf("sign the assertion: %w", err)
	}
	return id, signed + "." + encode(signature), nil
}

func (c *Client) signWithKey(data []byte) ([]byte, error) {
	key, err := c.assets.Signer()
	if err != nil {
		return nil, err
	}
	return trust.SignSHA256(key, data)
}
