package registry

import (
	"encoding/json"
	"fmt"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// Model is one device model: its text as it was posted, and what the text says.
type Model struct {
	URN      string          `json:"urn"`
	Draft    bool            `json:"draft,omitempty"` // made by an activation that named an unknown URN
	Text     json.RawMessage `json:"text"`            // one JSON object
	Created  int64           `json:"created"`         // ms since the epoch
	Modified int64           `json:"modified"`        // ms since the epoch
	User     string          `json:"user"`            // who changed it last

	model      *devicemodel.Model
	attributes map[string]*devicemodel.Attribute // by name and alias
	actions    map[string]*devicemodel.Action    // by name and alias
	formats    map[string]*devicemodel.Format    // by URN
}

// NewModel makes a model of a text that is known to be good. The error is that of devicemodel.Load.
func NewModel(text []byte, now int64, user string) (*Model, error) {
	m := &Model{Text: text, Created: now, Modified: now, User: user}
	return m, m.prepare()
}

// NewDraft makes the empty model that stands for a URN which nobody has described (docs/protocol/device-models.md §8).
func NewDraft(urn string, now int64, user string) (*Model, error) {
	text, err := json.Marshal(map[string]any{"urn": urn, "name": urn})
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	m, err := NewModel(text, now, user)
	if err != nil {
		return nil, err
	}
	m.Draft = true
	return m, nil
}

// prepare reads the text. Real names win over aliases.
func (m *Model) prepare() error {
	model, _, err := devicemodel.Load(m.Text, devicemodel.AllowDrafts())
	if err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	m.URN, m.model = model.URN, model
	m.attributes = make(map[string]*devicemodel.Attribute, len(model.Attributes))
	m.actions = make(map[string]*devicemodel.Action, len(model.Actions))
	m.formats = make(map[string]*devicemodel.Format, len(model.Formats))
	for i := range model.Attributes {
		if a := &model.Attributes[i]; a.Alias != "" {
			m.attributes[a.Alias] = a
		}
	}
	for i := range model.Attributes {
		m.attributes[model.Attributes[i].Name] = &model.Attributes[i]
	}
	for i := range model.Actions {
		if a := &model.Actions[i]; a.Alias != "" {
			m.actions[a.Alias] = a
		}
	}
	for i := range model.Actions {
		m.actions[model.Actions[i].Name] = &model.Actions[i]
	}
	for i := range model.Formats {
		m.formats[model.Formats[i].URN] = &model.Formats[i]
	}
	return nil
}

// Parsed gives what the text says.
func (m *Model) Parsed() *devicemodel.Model { return m.model }

// Attribute finds an attribute by its name or alias, nil if there is none.
func (m *Model) Attribute(name string) *devicemodel.Attribute { return m.attributes[name] }

// Action finds an action by its name or alias, nil if there is none.
func (m *Model) Action(name string) *devicemodel.Action { return m.actions[name] }

// Format finds a format by its URN, nil if there is none.
func (m *Model) Format(urn string) *devicemodel.Format { return m.formats[urn] }
