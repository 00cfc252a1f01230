package emulator

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// object is a JSON object whose members keep the order in which they were added. A name is added once; the first one counts.
type object struct {
	text  []byte
	names map[string]bool
}

func (o *object) add(name string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		return // everything that is added here has a JSON form
	}
	o.addRaw(name, text)
}

func (o *object) addRaw(name string, value json.RawMessage) {
	if o.names[name] {
		return
	}
	if o.names == nil {
		o.names = make(map[string]bool)
	}
	o.names[name] = true
	key, err := json.Marshal(name)
	if err != nil {
		return // a string always has a JSON form
	}
	if len(o.text) > 0 {
		o.text = append(o.text, ',')
	}
	o.text = append(append(append(o.text, key...), ':'), value...)
}

// addTime adds an instant as a number and as text, as the service does.
func (o *object) addTime(name string, ms int64) {
	o.add(name, ms)
	o.add(name+"AsString", timeText(ms))
}

// copy adds the member of another object, unless it is absent or null.
func (o *object) copy(from map[string]json.RawMessage, name string) {
	if value, ok := from[name]; ok && string(value) != "null" {
		o.addRaw(name, value)
	}
}

// copyList is copy for a list, which is empty when it is absent or null.
func (o *object) copyList(from map[string]json.RawMessage, name string) {
	o.copy(from, name)
	o.addRaw(name, json.RawMessage("[]"))
}

// copyRest adds the members of another object that were not added yet, by name.
func (o *object) copyRest(from map[string]json.RawMessage) {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		o.copy(from, name)
	}
}

// MarshalJSON gives the object.
func (o object) MarshalJSON() ([]byte, error) {
	return append(append([]byte{'{'}, o.text...), '}'), nil
}

// timeText writes an instant as the service does.
func timeText(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

// pathEscape writes a text into one segment of a path.
func pathEscape(text string) string {
	return strings.ReplaceAll(url.PathEscape(text), "+", "%2B")
}
