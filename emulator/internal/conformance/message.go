package conformance

import (
	"fmt"
	"strings"

	"github.com/iotcs-go/iotcs/emulator/internal/registry"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

const attributesSuffix = ":attributes"

// maxRemarks bounds the violations of one message.
const maxRemarks = 20

// Message gives the ways in which a DATA or ALERT message of the device breaks its models, nil if it does not. A model that is a draft
// says nothing about its members, so nothing breaks it.
func Message(models *registry.Registry, device *registry.Device, m *wire.Message) []string {
	switch {
	case m.Data != nil:
		return check(models, device, devicemodel.Data, m.Data.Format, m.Data.Items)
	case m.Alert != nil:
		return check(models, device, devicemodel.Alert, m.Alert.Format, m.Alert.Items)
	}
	return nil
}

func check(models *registry.Registry, device *registry.Device, kind devicemodel.FormatType, urn string, items []wire.Item) []string {
	if model, ok := strings.CutSuffix(urn, attributesSuffix); ok {
		return checkAttributes(models.Model(model), device, kind, model, items)
	}
	format, draft := findFormat(models, device, urn)
	switch {
	case format != nil:
		return checkFormat(format, kind, items)
	case draft:
		return nil
	}
	return []string{fmt.Sprintf("format %.200s belongs to no device model of the device", urn)}
}

func checkAttributes(model *registry.Model, device *registry.Device, kind devicemodel.FormatType, urn string, items []wire.Item) (found []string) {
	switch {
	case model == nil:
		return []string{fmt.Sprintf("there is no device model %.200s", urn)}
	case kind != devicemodel.Data:
		found = append(found, "attributes are sent as ALERT instead of DATA")
	}
	if !device.Implements(urn) {
		found = append(found, fmt.Sprintf("the device did not name the device model %.200s at its activation", urn))
	}
	if model.Draft {
		return found
	}
	for _, item := range items {
		attribute := model.Attribute(item.Name)
		switch {
		case attribute == nil:
			found = remark(found, "attribute", item.Name, "is not in the device model")
		case attribute.Name != item.Name:
			found = remark(found, "attribute", item.Name, "is the alias of "+attribute.Name+"; messages carry the name")
		default:
			found = remark(found, "attribute", item.Name, value(attribute.Type, attribute.Range, item.Value))
		}
	}
	return found
}

// findFormat looks through the models of the device. draft tells whether one of them is a draft.
func findFormat(models *registry.Registry, device *registry.Device, urn string) (format *devicemodel.Format, draft bool) {
	for _, name := range device.Models {
		model := models.Model(name)
		if model == nil {
			continue
		}
		if format := model.Format(urn); format != nil {
			return format, false
		}
		draft = draft || model.Draft
	}
	return systemFormats[urn], draft
}

func checkFormat(format *devicemodel.Format, kind devicemodel.FormatType, items []wire.Item) (found []string) {
	if format.Type != kind {
		found = append(found, fmt.Sprintf("a format of type %v is sent as %v", format.Type, kind))
	}
	for i := range format.Fields {
		if field := &format.Fields[i]; !field.Optional && !has(items, field.Name) {
			found = remark(found, "field", field.Name, "is missing")
		}
	}
	for _, item := range items {
		field := findField(format, item.Name)
		if field == nil {
			found = remark(found, "field", item.Name, "is not in the format")
			continue
		}
		found = remark(found, "field", item.Name, value(field.Type, nil, item.Value))
	}
	return found
}

func has(items []wire.Item, name string) bool {
	for i := range items {
		if items[i].Name == name {
			return true
		}
	}
	return false
}

func findField(format *devicemodel.Format, name string) *devicemodel.Field {
	for i := range format.Fields {
		if format.Fields[i].Name == name {
			return &format.Fields[i]
		}
	}
	return nil
}

func remark(found []string, what, name, text string) []string {
	if text == "" || len(found) >= maxRemarks {
		return found
	}
	return append(found, fmt.Sprintf("%s %.100s %s", what, name, text))
}

// systemFormats may be used by every device (docs/protocol/messages.md §7.2).
var systemFormats = map[string]*devicemodel.Format{
	"urn:oracle:iot:dcd:capability:message_dispatcher:overflow": {
		Type:   devicemodel.Alert,
		Fields: []devicemodel.Field{{Name: "description", Type: devicemodel.String}, {Name: "maxNumMessages", Type: devicemodel.Integer}},
	},
	"urn:oracle:iot:dcd:capability:diagnostics:test_message": {
		Type: devicemodel.Data,
		Fields: []devicemodel.Field{
			{Name: "current", Type: devicemodel.Integer}, {Name: "count", Type: devicemodel.Integer}, {Name: "payload", Type: devicemodel.String}},
	},
}
