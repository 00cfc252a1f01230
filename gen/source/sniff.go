package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// clearlyNoModel tells whether data is complete, valid JSON in which no member speaks for a device model. Text that is broken,
// truncated or empty may have been a model and is never skipped.
func clearlyNoModel(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	s := sniffer{json.NewDecoder(bytes.NewReader(data))}
	model, err := s.value(levels)
	if err != nil || model {
		return false
	}
	_, err = s.Token()
	return errors.Is(err, io.EOF)
}

// sniffer looks for the members of a model: in the top object, in the elements of a list, and in the items of a server's page.
type sniffer struct{ *json.Decoder }

// levels is how deep a model may lie: page, list, model.
const levels = 3

// value reads one value and stops early when it finds a model within the next levels.
func (s sniffer) value(levels int) (model bool, err error) {
	t, err := s.Token()
	if err != nil {
		return false, err
	}
	d, composite := t.(json.Delim)
	switch {
	case !composite:
		return false, nil
	case levels == 0:
		return false, s.skip()
	case d == '{':
		return s.object(levels - 1)
	}
	return s.list(levels - 1)
}

func (s sniffer) object(levels int) (bool, error) {
	for s.More() {
		key, err := s.Token()
		if err != nil {
			return false, err
		}
		name, _ := key.(string)
		if modelKey(name) {
			return true, nil
		}
		below := 0
		if name == "items" {
			below = levels
		}
		if model, err := s.value(below); model || err != nil {
			return model, err
		}
	}
	_, err := s.Token()
	return false, err
}

func (s sniffer) list(levels int) (bool, error) {
	for s.More() {
		if model, err := s.value(levels); model || err != nil {
			return model, err
		}
	}
	_, err := s.Token()
	return false, err
}

// skip reads to the end of the object or list that is open. It counts instead of recursing: hostile text nests deeply.
func (s sniffer) skip() error {
	for depth := 1; depth > 0; {
		t, err := s.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}

// modelKey tells whether a key speaks for a model. Letter case is ignored: "URN" is a mistake to report, not a reason to look away.
func modelKey(key string) bool {
	for _, k := range [...]string{"urn", "attributes", "actions", "formats"} {
		if strings.EqualFold(key, k) {
			return true
		}
	}
	return false
}
