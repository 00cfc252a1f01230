package wire

import (
	"slices"
	"testing"
)

// upload is an Attachment whose URI becomes known.
type upload struct{ uri string }

func (u *upload) Reference() string {
	if u.uri == "" {
		return "storage-object:a/b"
	}
	return u.uri
}

func TestAttachmentValue(t *testing.T) {
	u := new(upload)
	v := AttachmentValue(u)
	if v.Kind() != KindURI || v.Attachment() != u || v.Text() != "storage-object:a/b" {
		t.Errorf("%v, %v, %q", v.Kind(), v.Attachment(), v.Text())
	}
	if got := string(v.AppendJSON(nil)); got != `"storage-object:a/b"` {
		t.Error(got)
	}
	u.uri = "https://store.example/a/b"
	if got := string(v.AppendJSON(nil)); got != `"https://store.example/a/b"` {
		t.Error(got)
	}
	if !v.Same(URIValue("https://store.example/a/b")) || v.Same(URIValue("https://store.example/a/c")) {
		t.Error("values are not compared by what they say now")
	}
	if err := CheckValue(v); err != nil {
		t.Error(err)
	}
	u.uri = "\xff"
	if err := CheckValue(v); err == nil {
		t.Error("a text that is not UTF-8 passed")
	}
}

func TestAttachments(t *testing.T) {
	a, b := new(upload), new(upload)
	items := []Item{
		{"x", AttachmentValue(b)}, {"n", IntegerValue(1)}, {"y", AttachmentValue(a)}, {"z", AttachmentValue(b)}, {"u", URIValue("u:v")},
	}
	if got := Attachments(items); !slices.Equal(got, []Attachment{b, a}) {
		t.Errorf("%v", got)
	}
	if got := Attachments(items[1:2]); got != nil {
		t.Errorf("%v", got)
	}
	if URIValue("u:v").Attachment() != nil || (Value{}).Attachment() != nil {
		t.Error("an attachment from nowhere")
	}
}
