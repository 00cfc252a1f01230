package emit

import (
	"strings"

	"github.com/iotcs-go/iotcs/gen/plan"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// bounds gives the sentence about a range. An INTEGER without one has that of its type.
func bounds(t plan.Type, r *plan.Range) string {
	switch {
	case r != nil:
		return "From " + r.Doc + "."
	case devicemodel.Type(t) == devicemodel.Integer:
		return "Any integer of 32 bits."
	}
	return ""
}

func aliasSentence(alias string) string {
	if alias == "" {
		return ""
	}
	return "Alias " + alias + "."
}

func defaultSentence(d *plan.Default) string {
	if d == nil {
		return ""
	}
	return "Default " + d.Doc + "."
}

// refusals gives the errors with which a setter refuses a value.
func refusals(t plan.Type, r *plan.Range) string {
	switch devicemodel.Type(t) {
	case devicemodel.Integer:
		return "[*device.RangeError], "
	case devicemodel.Number:
		if r != nil {
			return "[*device.RangeError], [device.ErrNotFinite], "
		}
		return "[device.ErrNotFinite], "
	case devicemodel.String:
		return "[*device.LengthError], [device.ErrNotUTF8], "
	case devicemodel.DateTime:
		return "[device.ErrZeroTime], [*device.RangeError], "
	case devicemodel.URI:
		return "[device.ErrEmptyURI], [*device.TransferError] (of a storage object whose upload failed), "
	}
	return ""
}

// outgoing says what happens to content that a value stands for when it is sent.
func outgoing(t plan.Type) string {
	if devicemodel.Type(t) == devicemodel.URI {
		return "With a storage object ([device.StorageURI]) it is sent when the content is uploaded."
	}
	return ""
}

// incoming says what a value that comes from the cloud may stand for.
func incoming(t plan.Type) string {
	if devicemodel.Type(t) == devicemodel.URI {
		return "The URI may be that of a storage object, which can be downloaded: see [device.URI.StorageObject]."
	}
	return ""
}

// join puts sentences behind each other; empty ones are left out.
func join(sentences ...string) string {
	var b strings.Builder
	for _, s := range sentences {
		if s != "" && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	return b.String()
}

// list gives "a", "a and b", "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
