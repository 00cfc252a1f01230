package trust

import (
	"errors"
	"strings"
	"testing"
)

func TestReadServer(t *testing.T) {
	tests := []struct {
		name, uri string
		want      server
		err       string // part of the error
	}{
		{name: "https with port", uri: "https://iot.example.com:7002", want: server{"https", "iot.example.com", 7002}},
		{name: "https default port", uri: "https://iot.example.com", want: server{"https", "iot.example.com", 443}},
		{name: "empty port", uri: "https://iot.example.com:", want: server{"https", "iot.example.com", 443}},
		{name: "mqtts default port", uri: "mqtts://iot.example.com", want: server{"mqtts", "iot.example.com", 8883}},
		{name: "case of scheme and host", uri: "HTTPS://IoT.Example.COM:1", want: server{"https", "iot.example.com", 1}},
		{name: "IPv6", uri: "https://[2001:DB8::1]:65535", want: server{"https", "2001:db8::1", 65535}},
		{name: "IPv6 zone keeps its case", uri: "https://[FE80::1%25Eth0]", want: server{"https", "fe80::1%Eth0", 443}},
		{name: "path and query are ignored", uri: "https://iot.example.com/iot?x=1#y", want: server{"https", "iot.example.com", 443}},
		{name: "underscore", uri: "https://iot_1:8443", want: server{"https", "iot_1", 8443}},
		{name: "http", uri: "http://iot.example.com", err: `unsupported server scheme "http"`},
		{name: "no host", uri: "https://:443", err: "no host"},
		{name: "opaque", uri: "https:iot.example.com", err: "no host"},
		{name: "port 0", uri: "https://h:0", err: "1…65535"},
		{name: "port 65536", uri: "https://h:65536", err: "1…65535"},
		{name: "port beyond int", uri: "https://h:99999999999999999999", err: "1…65535"},
		{name: "port is no number", uri: "https://h:x", err: "does not parse"},
		{name: "password stays out of the error", uri: "https://u:hunter2@h:x", err: "does not parse"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := readServer(test.uri)
			checkError(t, err, test.err)
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %q shows a password", err)
			}
		})
	}
	if _, err := readServer("ftp://h"); !errors.Is(err, ErrScheme) {
		t.Errorf("scheme ftp: %v, want ErrScheme", err)
	}
}

func TestNewServer(t *testing.T) {
	tests := []struct{ name, uri, want, err string }{
		{name: "host alone", uri: "iot.example.com", want: "https://iot.example.com:443"},
		{name: "host and port", uri: "iot.example.com:7002", want: "https://iot.example.com:7002"},
		{name: "mqtts", uri: "mqtts://iot.example.com", want: "mqtts://iot.example.com:8883"},
		{name: "final slash", uri: "https://iot.example.com/", want: "https://iot.example.com:443"},
		{name: "localhost", uri: "https://localhost:8443", want: "https://localhost:8443"},
		{name: "IPv4", uri: "192.0.2.1", want: "https://192.0.2.1:443"},
		{name: "IPv6", uri: "https://[::1]:8443", want: "https://[::1]:8443"},
		{name: "label that begins with a digit", uri: "3com.example.com", want: "https://3com.example.com:443"},
		{name: "path", uri: "https://iot.example.com/iot", err: "path, query and fragment"},
		{name: "query", uri: "https://iot.example.com?x", err: "path, query and fragment"},
		{name: "empty query", uri: "https://iot.example.com?", err: "path, query and fragment"},
		{name: "fragment", uri: "https://iot.example.com#", err: "path, query and fragment"},
		{name: "user", uri: "https://me@iot.example.com", err: "user or password"},
		{name: "empty", uri: "", err: "no host"},
		{name: "blank", uri: "iot example.com", err: "does not parse"},
		{name: "bare IPv6", uri: "::1", err: "does not parse"},
		{name: "zone", uri: "https://[fe80::1%25eth0]", err: "no IPv6 address"},
		{name: "text in brackets", uri: "https://[iot]", err: "does not parse"},
		{name: "cut-off IPv4", uri: "192.0.2", err: "no IPv4 address"},
		{name: "IPv4 out of range", uri: "192.0.2.256", err: "no IPv4 address"},
		{name: "final dot", uri: "iot.example.com.", err: "no host name"},
		{name: "final hyphen", uri: "iot-", err: "no host name"},
		{name: "first hyphen", uri: "-iot", err: "no host name"},
		{name: "underscore", uri: "iot_1", err: "no host name"},
		{name: "not ASCII", uri: "iöt.example.com", err: "punycode"},
		{name: "long label", uri: strings.Repeat("a", 64), err: "no host name"},
		{name: "long name", uri: strings.Repeat("a.", 127) + "a", err: "253"},
		{name: "scheme", uri: "http://iot.example.com", err: "unsupported server scheme"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := newServer(test.uri)
			checkError(t, err, test.err)
			if err == nil && s.String() != test.want {
				t.Errorf("got %s, want %s", s, test.want)
			}
		})
	}
}

func TestLooksLikeURI(t *testing.T) {
	for text, want := range map[string]bool{
		"https://h": true, "a:b": true, "a+b-c.d0:x": true, "HTTPS://h": true,
		"": false, ":": false, "https": false, "https:": false, ":x": false, "1a:x": false, "a b:x": false,
		"é:x": false, "a:\x00": false, "a:\xff": false, "a:x\n": false,
	} {
		if got := looksLikeURI(text); got != want {
			t.Errorf("looksLikeURI(%q) is %t, want %t", text, got, want)
		}
	}
}

// checkError wants no error when part is "", else one that contains part.
func checkError(t *testing.T, err error, part string) {
	t.Helper()
	switch {
	case part == "" && err != nil:
		t.Errorf("error %v, want none", err)
	case part != "" && err == nil:
		t.Errorf("no error, want one with %q", part)
	case part != "" && !strings.Contains(err.Error(), part):
		t.Errorf("error %q does not contain %q", err, part)
	}
}
