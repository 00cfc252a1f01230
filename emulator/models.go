package emulator

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/registry"
	"github.com/iotcs-go/iotcs/internal/modelschema"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// addModel checks the text of one device model and adds it.
func (s *Server) addModel(text []byte, user string) (*registry.Model, error) {
	if len(text) > devicemodel.MaxSize {
		return nil, problem(http.StatusRequestEntityTooLarge, "a device model of %d bytes, at most %d allowed", len(text), devicemodel.MaxSize)
	}
	docs, findings := devicemodel.Inspect(text)
	var faults []string
	for _, f := range findings {
		if f.Level == devicemodel.Error {
			faults = append(faults, f.String())
		}
	}
	switch {
	case len(faults) > 0:
		return nil, badModel(faults)
	case len(docs) != 1 || docs[0].Pointer != "":
		return nil, problem(http.StatusBadRequest, "one device model is expected, not a list")
	}
	for _, v := range modelschema.Validate(text) {
		faults = append(faults, v.Text)
	}
	if len(faults) > 0 {
		return nil, badModel(faults)
	}
	model, err := registry.NewModel(docs[0].Raw, time.Now().UnixMilli(), user)
	if err != nil {
		return nil, problem(http.StatusBadRequest, "%w", err)
	}
	if err := s.registry.AddModel(model); err != nil {
		return nil, problemAbout("device model "+model.URN, err)
	}
	s.log.Info("device model added", "urn", model.URN)
	return model, nil
}

// badModel tells the first few faults.
func badModel(faults []string) *Problem {
	const most = 5
	more := ""
	if len(faults) > most {
		faults, more = faults[:most], "; and more"
	}
	return problem(http.StatusBadRequest, "%s", "the device model has faults: "+strings.Join(faults, "; ")+more)
}

func (s *Server) postModel(c *call) error {
	text, err := c.body(devicemodel.MaxSize)
	if err != nil {
		return err
	}
	model, err := s.addModel(text, c.user)
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, modelBody(c, model))
}

func (s *Server) getModel(c *call) error {
	model, err := s.model(urn(c.params["urn"]))
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, modelBody(c, model))
}

// model finds a device model or tells that there is none.
func (s *Server) model(urn string) (*registry.Model, error) {
	model := s.registry.Model(urn)
	if model == nil {
		return nil, problem(http.StatusNotFound, "there is no device model %.200s", urn)
	}
	return model, nil
}

func (s *Server) getModels(c *call) error {
	return list(c, s.registry.Models(), func(m *registry.Model) any { return modelBody(c, m) })
}

func (s *Server) countModels(c *call) error {
	return count(c, s.registry.Models(), func(m *registry.Model) any { return modelBody(c, m) })
}

// modelBody gives a model as the service writes it: the posted text, completed, its members in the service's order, formats always
// written out (docs/protocol/device-models.md §1). Members that the service does not know follow as they came.
func modelBody(c *call, m *registry.Model) any {
	var posted map[string]json.RawMessage
	if err := json.Unmarshal(m.Text, &posted); err != nil {
		return nil // the text was checked when it came
	}
	href := c.link("/deviceModels/" + escapeURN(m.URN))
	o := object{}
	o.add("urn", m.URN)
	o.copy(posted, "name")
	o.copy(posted, "description")
	o.add("system", m.Parsed().System)
	o.add("draft", m.Draft)
	o.addTime("created", m.Created)
	o.addTime("lastModified", m.Modified)
	o.add("userLastModified", m.User)
	for _, name := range []string{"attributes", "actions"} {
		o.copyList(posted, name)
	}
	o.add("formats", formatBodies(m, posted["formats"]))
	o.add("links", []link{{"self", href}, {"canonical", href}})
	policies := link{"devicePolicies", href + "/devicePolicies"}
	o.add("devicePolicies", map[string]any{"links": []link{policies}})
	o.copyRest(posted)
	return o
}

// escapeURN writes a URN into a path, escaped once.
func escapeURN(urn string) string { return strings.ReplaceAll(pathEscape(urn), ":", "%3A") }

// formatBodies completes the formats: their owner is the model, whatever was posted.
func formatBodies(m *registry.Model, posted json.RawMessage) any {
	var all []map[string]json.RawMessage
	if err := json.Unmarshal(posted, &all); err != nil || all == nil {
		return []any{}
	}
	formats := make([]object, len(all))
	for i, format := range all {
		o := &formats[i]
		for _, name := range []string{"urn", "name", "description", "type"} {
			o.copy(format, name)
		}
		o.add("deviceModel", m.URN)
		o.copy(format, "value")
		o.add("sourceId", m.URN)
		o.add("sourceType", "DEVICE_MODEL")
		o.copyRest(format)
	}
	return formats
}
