package lint

import (
	"encoding/json"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// meant replaces the general remedy for an unknown type by the type that was probably meant. The loader has its own list of types of
// other languages; what it does not know may still be a slip of the finger.
func meant(data []byte, f devicemodel.Finding) devicemodel.Finding {
	if f.Rule != devicemodel.RuleModel || strings.HasPrefix(f.Remedy, `write "`) {
		return f
	}
	var choices []string
	switch {
	case strings.HasSuffix(f.Pointer, "/argType"):
		choices = typeNames()
	case !strings.HasSuffix(f.Pointer, "/type"):
		return f
	case isFormatType(f.Pointer):
		choices = []string{"DATA", "ALERT"}
	default:
		choices = typeNames()
	}
	word := textAt(data, f.Offset)
	if near := Nearest(word, choices); near != "" && near != word { // an equal one is wrong for another reason
		f.Remedy = "did you mean " + quote(near) + "?"
	}
	return f
}

func typeNames() []string {
	var all []string
	for t := devicemodel.String; t <= devicemodel.URI; t++ {
		all = append(all, t.String())
	}
	return all
}

// isFormatType tells the type of a format from that of one of its fields.
func isFormatType(pointer string) bool {
	return strings.Contains(pointer, "/formats/") && !strings.Contains(pointer, "/fields/")
}

// textAt reads the JSON text at offset, "" when there is none.
func textAt(data []byte, offset int64) string {
	if offset < 0 || offset >= int64(len(data)) || data[offset] != '"' {
		return ""
	}
	end := int(offset) + 1
	for end < len(data) && data[end] != '"' {
		if data[end] == '\\' {
			end++
		}
		end++
	}
	var text string
	if end >= len(data) || json.Unmarshal(data[offset:end+1], &text) != nil {
		return ""
	}
	return text
}

// fold adds a finding for the suspect. Where the loader has missed the member that was meant, both are one mistake: then its finding
// moves to the wrong name.
func fold(all []raw, s suspect) []raw {
	remedy := "did you mean " + quote(s.meant) + "?"
	for i := range all {
		if f := &all[i]; f.Rule == devicemodel.RuleModel && f.Pointer == s.parent && strings.HasSuffix(f.Text, " has no "+quote(s.meant)) {
			f.Offset, f.Pointer = s.offset, s.pointer
			f.Text += ", but an unknown member " + quote(s.name)
			f.Remedy = remedy
			return all
		}
	}
	return append(all, raw{level: Warning, Finding: devicemodel.Finding{
		Rule: RuleKey, Offset: s.offset, Pointer: s.pointer,
		Text: "the " + s.what + " has an unknown member " + quote(s.name) + ", which is ignored", Remedy: remedy,
	}})
}
