package wire

import "testing"

func TestEffectiveMethod(t *testing.T) {
	override := func(name string, values ...string) map[string][]string { return map[string][]string{name: values} }
	for name, c := range map[string]struct {
		request Request
		want    string
	}{
		"none":               {Request{Method: "PUT"}, "PUT"},
		"lower case":         {Request{Method: "put"}, "PUT"},
		"override of POST":   {Request{Method: "POST", Headers: override("x-http-method-override", "PATCH")}, "PATCH"},
		"any letter case":    {Request{Method: "POST", Headers: override("X-HTTP-Method-Override", "patch")}, "PATCH"},
		"override of GET":    {Request{Method: "GET", Headers: override("x-http-method-override", "DELETE", "PUT")}, "DELETE"},
		"empty override":     {Request{Method: "GET", Headers: override("x-http-method-override", "")}, "GET"},
		"override, no value": {Request{Method: "GET", Headers: override("x-http-method-override")}, "GET"},
		"other header":       {Request{Method: "GET", Headers: override("accept", "PATCH")}, "GET"},
	} {
		if got := c.request.EffectiveMethod(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestHeaderValue(t *testing.T) {
	headers := map[string][]string{"content-type": {"a", "b"}, "X-Mixed": {"m"}, "empty": nil}
	for name, want := range map[string]string{
		"content-type": "a", "Content-Type": "a", "x-mixed": "m", "X-MIXED": "m", "empty": "", "none": "",
	} {
		if got := HeaderValue(headers, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := HeaderValue(nil, "x"); got != "" {
		t.Errorf("no headers: %q", got)
	}
}
