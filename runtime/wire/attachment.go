package wire

import "slices"

// Attachment is content outside a message that one of its URI values stands for,
// such as an object that is still to be uploaded. It is compared by identity.
// This package only carries it from the value to the message.
//
// Obligations of an implementation: methods may be called from any goroutine, and
// the value must be comparable, as pointers are.
type Attachment interface {
	// Reference returns the text that stands for the content in a message: its
	// URI or, as long as that is not known, a placeholder that can be told from
	// every URI and has no characters that JSON escapes.
	Reference() string
}

// AttachmentValue gives a value of KindURI that stands for a. Its text is what a
// says when it is asked for, and so may change from a placeholder to a URI.
func AttachmentValue(a Attachment) Value {
	return Value{form: &form{kind: KindURI, attachment: a}}
}

// Attachment returns what a value of [AttachmentValue] stands for, nil for every
// other value.
func (v Value) Attachment() Attachment {
	if v.form == nil {
		return nil
	}
	return v.form.attachment
}

// Attachments lists what the values of items stand for, each once; nil if
// nothing.
func Attachments(items []Item) (all []Attachment) {
	for i := range items {
		if a := items[i].Value.Attachment(); a != nil && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}
