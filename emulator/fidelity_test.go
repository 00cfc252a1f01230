package emulator_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

const fidelityDocument = "../docs/fidelity.md"

// difference is a row of the table in docs/fidelity.md, without its reason.
type difference struct {
	what, where, recorded, own string
}

func (d difference) String() string {
	return fmt.Sprintf("| %s | %s | `%s` | `%s` |", d.what, d.where, d.recorded, d.own)
}

// callName tells which call a line is.
func callName(line captured) string {
	path, query, _ := strings.Cut(line.Path, "?")
	name := ""
	switch {
	case line.store():
		name = map[string]string{"PUT": "object upload", "GET": "object download", "HEAD": "object look-up"}[line.Method]
	case line.leadsToStore():
		name = "storage authentication"
	case strings.HasSuffix(path, "/oauth2/token"):
		name = "token"
	case strings.HasSuffix(path, "/activation/policy"):
		name = "activation policy"
	case strings.HasSuffix(path, "/activation/direct"):
		name = "direct activation"
	case strings.HasSuffix(path, "/activation/indirect/device"):
		name = "indirect activation"
	case strings.HasSuffix(path, "/devicePolicies"):
		name = "device policies"
	case strings.Contains(path, "/deviceModels/"):
		name = "device model"
	case strings.Contains(query, "iot.sync"):
		name = "long poll"
	case strings.HasSuffix(path, "/messages"):
		name = "messages"
	}
	if line.Status != nil && *line.Status >= 400 {
		return name + ", refused"
	}
	return name
}

func headerOf(headers map[string]string, name string) string {
	for other, value := range headers {
		if strings.EqualFold(other, name) {
			return value
		}
	}
	return ""
}

func orAbsent(text string) string {
	if text == "" {
		return "absent"
	}
	return text
}

// volatile members have values of their own every time, or words that the recorded server made up: only their type is compared.
var volatile = map[string]bool{
	"id": true, "clientId": true, "access_token": true, "storageContainerUrl": true, "authToken": true, "eventTime": true, "activationTime": true, "currentTime": true, "source": true,
	"created": true, "createdAsString": true, "lastModified": true, "lastModifiedAsString": true, "userLastModified": true,
	"detail": true, "type": true, "o:errorCode": true,
}

// compareBodies calls note with the members that differ: in being there, in type, or in value. Lists are compared by what their elements
// have in common; a list without elements says nothing.
func compareBodies(path string, recorded, own any, note func(path, recorded, own string)) {
	if recorded, ok := recorded.(map[string]any); ok {
		if own, ok := own.(map[string]any); ok {
			compareMembers(path, recorded, own, note)
			return
		}
	}
	if recorded, ok := recorded.([]any); ok {
		if own, ok := own.([]any); ok {
			for i := range min(len(recorded), len(own)) {
				compareBodies(path+"[]", recorded[i], own[i], note)
			}
			if len(recorded) != len(own) && len(recorded) > 0 {
				note(path, fmt.Sprintf("%d elements", len(recorded)), fmt.Sprintf("%d elements", len(own)))
			}
			return
		}
	}
	if kindOf(recorded) != kindOf(own) {
		note(path, kindOf(recorded), kindOf(own))
		return
	}
	name := path[strings.LastIndexByte(path, '.')+1:]
	if isProblemType := name == "type" && path != "type"; (!volatile[name] || isProblemType) && recorded != own {
		note(path, fmt.Sprint(recorded), fmt.Sprint(own))
	}
}

func compareMembers(path string, recorded, own map[string]any, note func(path, recorded, own string)) {
	all := maps.Clone(recorded)
	maps.Copy(all, own)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		below := strings.TrimPrefix(path+"."+name, ".")
		a, inRecorded := recorded[name]
		b, inOwn := own[name]
		switch {
		case !inRecorded:
			note(below, "absent", kindOf(b))
		case !inOwn:
			note(below, kindOf(a), "absent")
		default:
			compareBodies(below, a, b, note)
		}
	}
}

func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "text"
	case []any:
		return "list"
	}
	return "object"
}

// compareWithDocument wants the differences and the rows of the document to be the same, and a reason in every row.
func compareWithDocument(t *testing.T, found map[difference]bool) {
	t.Helper()
	text, err := os.ReadFile(fidelityDocument)
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## Emulator against captures\n")
	if !ok {
		t.Fatal("docs/fidelity.md has no section \"Emulator against captures\"")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	rows := make(map[difference]bool)
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 5 || !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what") || strings.HasPrefix(line, "| ---") {
			continue
		}
		d := difference{strings.TrimPrefix(cells[0], "| "), cells[1], strings.Trim(cells[2], "`"), strings.Trim(cells[3], "`")}
		rows[d] = true
		if reason := strings.TrimSuffix(cells[4], " |"); len(reason) < len("As above.") {
			t.Errorf("docs/fidelity.md: no reason: %v", d)
		}
		if !found[d] {
			t.Errorf("docs/fidelity.md: the difference is gone: %v", d)
		}
	}
	for d := range found {
		if !rows[d] {
			t.Errorf("docs/fidelity.md: not listed: %v", d)
		}
	}
}
