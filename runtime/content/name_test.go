package content_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/runtime/content"
)

// TestNames: what objects may be called, how requests and URIs write it, and that
// the same content comes back (docs/protocol/storage.md §3).
func TestNames(t *testing.T) {
	for _, tc := range []struct{ name, escaped string }{
		{"snap.jpg", "snap.jpg"},
		{"a/b/c.txt", "a/b/c.txt"},
		{"blank in name", "blank%20in%20name"},
		{"café", "caf%C3%A9"},
		{"q?x=1", "q%3Fx=1"},
		{"h#frag", "h%23frag"},
		{"pct%20x", "pct%2520x"},
		{"100%", "100%25"},
		{"plus+x", "plus+x"},
		{"semi;colon:at@", "semi;colon:at@"},
		{`quote"<>\^{|}` + "`", "quote%22%3C%3E%5C%5E%7B%7C%7D%60"},
		{"...", "..."},
		{".hidden/..x/x..", ".hidden/..x/x.."},
		{"雪/❄", "%E9%9B%AA/%E2%9D%84"},
		{strings.Repeat("n", 1019), strings.Repeat("n", 1019)}, // with the prefix 1024
	} {
		t.Run(tc.escaped[:min(len(tc.escaped), 20)], func(t *testing.T) {
			bubble(t, func(t *testing.T, s *fakeStore, c *content.Store) {
				o := newObject(t, c, tc.name, content.FromBytes([]byte(tc.name)))
				if o.Reference() != "storage-object:0-AB/"+tc.escaped {
					t.Errorf("reference %s", o.Reference())
				}
				must(t, o.Sync(t.Context()))
				if want := containerPath + "/0-AB/" + tc.escaped; s.calls()[0].target != want || o.URI() != containerURL+"/0-AB/"+tc.escaped {
					t.Errorf("target %s, URI %s", s.calls()[0].target, o.URI())
				}
				var back bytes.Buffer
				in := existing(t, c, o.URI(), content.ToWriter(&back))
				must(t, in.Sync(t.Context()))
				if in.Name() != tc.name || back.String() != tc.name {
					t.Errorf("back came %q with %q", in.Name(), back.String())
				}
			})
		})
	}
}

func TestNamesRefused(t *testing.T) {
	s := newFakeStore(t)
	c := s.open(t)
	for _, name := range []string{
		"", ".", "..", "/", "/a", "a/", "a//b", "../up", "a/../b", "a/..", "./a", `..\up`, `a\..\b`, "a\x00", "a\r\nX: y", "a\tb", "a\x7f", "a\u0085b", "\xff", strings.Repeat("n", 1020),
	} {
		if _, err := c.NewObject(name, "", nil); !errors.Is(err, content.ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestHeadersRefused(t *testing.T) {
	s := newFakeStore(t)
	c := s.open(t)
	for _, value := range []string{"a\r\nb", "a\nb", "a\x00", "é", " a", "a ", strings.Repeat("x", 1025)} {
		if _, err := c.NewObject("a", value, nil); !errors.Is(err, content.ErrHeader) {
			t.Errorf("content type %q: %v", value, err)
		}
		o := newObject(t, c, "a", nil)
		if err := o.SetEncoding(value); !errors.Is(err, content.ErrHeader) {
			t.Errorf("encoding %q: %v", value, err)
		}
		if err := o.SetMetadata("a", value); !errors.Is(err, content.ErrHeader) {
			t.Errorf("metadata %q: %v", value, err)
		}
	}
	o := newObject(t, c, "a", nil)
	for _, key := range []string{"", "a b", "a:", "a\r\n", "é", "a/b", "(a)", strings.Repeat("k", 129)} {
		if err := o.SetMetadata(key, "x"); !errors.Is(err, content.ErrHeader) {
			t.Errorf("key %q: %v", key, err)
		}
	}
	must(t, o.SetMetadata("COLOR", "red"))
	must(t, o.SetMetadata("color", "blue"))
	if m := o.Metadata(); len(m) != 1 || m["Color"] != "blue" {
		t.Errorf("%v", m)
	}
	n := 1
	for ; n < 1000; n++ {
		if err := o.SetMetadata("k"+strings.Repeat("x", n), "v"); err != nil {
			break
		}
	}
	if n > 90 || n < 20 {
		t.Errorf("%d entries", n)
	}
	o.Metadata()["Other"] = "x"
	if o.Metadata()["Other"] != "" {
		t.Error("Metadata gives its map away")
	}
}

func TestContainers(t *testing.T) {
	for _, text := range []string{
		"https://acme.storage.oraclecloud.com/v1/Storage-acme/iot-container", "https://h:8443/v1/c/", "HTTPS://H/c", "https://[2001:db8::1]:443/c", "http://127.0.0.1:9/c", "https://h",
	} {
		c, err := content.ParseContainerFor(text, false)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := c.Address("a/b")
		if err != nil || !strings.HasSuffix(got, strings.TrimRight(text[strings.Index(text, "://")+3:], "/")+"/a/b") {
			t.Errorf("%s: address %s, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "/", "h/c", "https://", "https:///c", "ftp://h/c", "http://h/c", "https://u@h/c", "https://u:p@h/c", "https://h/c?x=1", "https://h/c#f", "https://h/c?", "https://h:0/c",
		"https://h:99999/c", "https://h:/c", "https://h:x/c", "https://h/a/../b", "https://h/%2e%2e/b", "https://h/a b", "https://h/a\r\nb", "https://h/é", "https://h/%00", "https://h/" + strings.Repeat("x", 2048),
		"https://h\\evil/c", "https:/h/c", "//h/c", "https://[::1/c", "https://h%2fevil/c",
	} {
		if c, err := content.ParseContainerFor(text, false); err == nil {
			t.Errorf("%q is taken: %+v", text, c)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "x": 0, "5": 5 * time.Second, " 7 ": 7 * time.Second, "-1": 0, "99999999999999999999": 0, "86400": time.Hour,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0, now.Add(48 * time.Hour).Format(http.TimeFormat): time.Hour,
	} {
		if got := content.ParseRetryAfter(text, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestContentRanges(t *testing.T) {
	for text, want := range map[string]bool{
		"bytes 0-10/11": true, "bytes 5-10/11": true, "bytes 5-10/*": false, "bytes */11": false, "bytes 10-5/11": false, "bytes 0-11/11": false,
		"items 0-10/11": false, "bytes": false, "": false, "bytes -1-10/11": false, "bytes 0-9223372036854775808/9223372036854775809": false, "bytes 0-10": false, "bytes 010/11": false,
	} {
		if _, _, _, ok := content.ParseContentRange(text); ok != want {
			t.Errorf("%q: %v", text, ok)
		}
	}
}
