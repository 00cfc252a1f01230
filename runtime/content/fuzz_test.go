package content_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/iotcs-go/iotcs/runtime/content"
)

// leadsOut reports whether a path, with everything unescaped, has a part that
// leads to another folder, or what breaks a header.
func leadsOut(name string) bool {
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == "." || part == ".." {
			return true
		}
	}
	return strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name)
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"snap.jpg", "a/b", "../up", "q?x=1#f", "é %20", "\r\n", `..\x`, "%2e%2e/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if content.CheckName(name) != nil {
			return
		}
		if leadsOut(name) || name == "" || len(name) > 1024 {
			t.Fatalf("%q is taken", name)
		}
		escaped := content.EscapeName(name)
		target, back, err := content.ReadName(escaped)
		if err != nil || back != name || target != escaped {
			t.Fatalf("%q is escaped as %q, which reads %q and is escaped as %q, %v", name, escaped, back, target, err)
		}
		if strings.Trim(escaped, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~!$&'()*+,;=:@%") != "" {
			t.Fatalf("%q is escaped as %q", name, escaped)
		}
		c, err := content.ParseContainerFor(containerURL, false)
		must(t, err)
		address, err := c.Address(escaped)
		if err != nil || address != containerURL+"/"+escaped {
			t.Fatalf("%q is asked for at %q, %v", name, address, err)
		}
	})
}

func FuzzURI(f *testing.F) {
	for _, s := range []string{
		containerURL + "/a", containerURL + "/a/../b", containerURL + "/%2e%2e/b", containerURL + "/a?b#c", "https://u:p@127.0.0.1" + containerPath + "/a",
		"HTTPS://127.0.0.1:443" + containerPath + "/blank x", containerURL + "/100%", containerURL + "/%zz", "//x", "https://[::1]/", "urn:x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		c, err := content.ParseContainerFor(containerURL, false)
		must(t, err)
		target, name, err := c.Find(uri)
		if err != nil {
			return
		}
		if leadsOut(name) || name == "" {
			t.Fatalf("%q is the object %q", uri, name)
		}
		address, err := c.Address(target)
		if err != nil || !strings.HasPrefix(address, containerURL+"/") {
			t.Fatalf("%q is asked for at %q, %v", uri, address, err)
		}
		if again, same, err := c.Find(containerURL + "/" + target); err != nil || again != target || same != name {
			t.Fatalf("%q is %q, which is %q, %v", uri, target, again, err)
		}
	})
}

func FuzzAccess(f *testing.F) {
	for _, s := range []string{
		`{"storageContainerUrl":"https://h/v1/c","authToken":"AUTH_tk"}`, `{"storageContainerUrl":"http://h/v1/c/","authToken":"a\nb"}`,
		`{"storageContainerUrl":"https://u@h/../c?x","authToken":""}`, `{`, `[]`, `{"storageContainerUrl":1}`,
	} {
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, insecure bool) {
		text, token, err := content.ParsePermit(body, insecure)
		if err != nil {
			if token != "" {
				t.Fatal("a token with an error")
			}
			return
		}
		if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("token %q", token)
		}
		if strings.HasSuffix(text, "/") || leadsOut(text[strings.Index(text, "://")+3:]) || strings.ContainsAny(text, "@?# ") && !strings.Contains(text, "/") {
			t.Fatalf("container %q", text)
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add("text/plain", "gzip", lastModified, "\"d41d8cd98f00b204e9800998ecf8427e\"", "Color", "red", "bytes 1-2/3", "5")
	f.Add("a\r\nb", "\x00", "x", "W/\"x\"", "a b", "é", "bytes */3", "Mon, 27 Nov 2017 18:05:27 GMT")
	f.Fuzz(func(t *testing.T, contentType, encoding, date, etag, key, value, span, after string) {
		p := content.ReadProperties(&http.Response{Header: http.Header{
			"Content-Type": {contentType}, "Content-Encoding": {encoding}, "Last-Modified": {date}, "Etag": {etag}, "X-Object-Meta-" + key: {value},
		}})
		sum, ok, validator := p.Checks()
		if ok && (len(sum) != 32 || strings.Trim(sum, "0123456789abcdef") != "") {
			t.Fatalf("sum %q", sum)
		}
		if strings.ContainsAny(validator, "\r\n\x00") || len(validator) > 1024 {
			t.Fatalf("validator %q", validator)
		}
		if first, last, total, ok := content.ParseContentRange(span); ok && (first < 0 || first > last || last >= total) {
			t.Fatalf("%q is %d-%d/%d", span, first, last, total)
		}
		if d := content.ParseRetryAfter(after, time.Now()); d < 0 || d > time.Hour {
			t.Fatalf("%q is %v", after, d)
		}
		if d := content.Detail([]byte(value)); len(d) > 256 || strings.ContainsFunc(d, unicode.IsControl) || !utf8.ValidString(d) {
			t.Fatalf("%q is %q", value, d)
		}
		if k, err := content.MetadataKey(key); err == nil && (k == "" || len(k) > 128 || strings.ContainsAny(k, " :\r\n")) {
			t.Fatalf("key %q is %q", key, k)
		}
	})
}
