package emulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing/iotest"

	"github.com/iotcs-go/iotcs/emulator"
)

const recordedContainer = "/v1/Storage-acme/iot-container"

// store tells whether a line is one of the object store.
func (c captured) store() bool { return strings.HasPrefix(c.Server, "store") }

// leadsToStore tells whether a line is the call for container and token.
func (c captured) leadsToStore() bool { return strings.HasSuffix(c.Path, "/provisioner/storage") }

// object is the name of the object that a line of the store is about.
func (c captured) object() string {
	path, _, _ := strings.Cut(strings.TrimPrefix(c.Path, recordedContainer+"/"), "?")
	return strings.ReplaceAll(path, "%20", " ") // the only escape in the captures
}

// content stands for the recorded one, of which length and sum are known.
func (r *replay) content(recorded json.RawMessage) []byte {
	r.t.Helper()
	var told struct{ Length int }
	if err := json.Unmarshal(recorded, &told); err != nil {
		r.t.Fatal(err)
	}
	return pattern(told.Length)
}

func pattern(n int) []byte { return bytes.Repeat([]byte("0123456789abcdefg"), n/17+1)[:n] }

// exchangeObject repeats an exchange with the object store, or the call that leads to it. What the recorded store was told to do wrong
// the emulator does by a fault.
func (r *replay) exchangeObject(line captured) {
	r.t.Helper()
	r.prepare(line)
	if rule := faultOf(line); rule != "" {
		fault, err := emulator.ParseFault(rule)
		if err != nil {
			r.t.Fatal(err)
		}
		if _, err := r.server.AddFault(fault); err != nil {
			r.t.Fatal(err)
		}
	}
	request, sum := r.objectRequest(line)
	response, err := r.client.Do(request)
	for _, report := range r.server.Faults() {
		if report.Fired != 1 {
			r.t.Errorf("%d: fault %v did not happen", line.Seq, report.Fault)
		}
	}
	r.server.ClearFaults()
	if line.Status == nil { // the client ended its upload half way
		if all := r.server.Objects(r.own(line.object())); err == nil || len(all) != 0 {
			r.t.Errorf("%d: %v, stored %+v", line.Seq, err, all)
		}
		return
	}
	if err != nil {
		r.t.Fatalf("%d: %v", line.Seq, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatalf("%d: %v", line.Seq, err)
	}
	got := answer{response.StatusCode, response.Header, body}
	if !line.store() {
		r.compare(line, got)
		r.learnPermit(line, got)
		return
	}
	if line.Method != "PUT" {
		sum = r.storedSum(line)
	}
	r.compareObject(line, got, sum)
}

// prepare makes the store hold what the recorded one held.
func (r *replay) prepare(line captured) {
	r.t.Helper()
	if !line.store() || line.Method == "PUT" || line.Status == nil {
		return
	}
	name := r.own(line.object())
	if *line.Status == http.StatusNotFound {
		_ = r.server.RemoveObject(name) // may be absent already
		return
	}
	if *line.Status != http.StatusOK {
		return
	}
	h := line.ResponseHeaders
	want := emulator.Object{Name: name, Type: h["Content-Type"], Encoding: h["Content-Encoding"], Metadata: make(map[string]string)}
	for key, value := range h {
		if key, ok := strings.CutPrefix(http.CanonicalHeaderKey(key), "X-Object-Meta-"); ok {
			want.Metadata[key] = latin1(value)
		}
	}
	length, err := strconv.Atoi(h["Content-Length"])
	if err != nil {
		r.t.Fatal(err)
	}
	if found := r.server.Objects(name); len(found) == 1 && found[0].Length == int64(length) && found[0].Type == want.Type &&
		found[0].Encoding == want.Encoding && fmt.Sprint(found[0].Metadata) == fmt.Sprint(want.Metadata) {
		return // from an upload of the run
	}
	if _, err := r.server.PutObject(want, bytes.NewReader(pattern(length))); err != nil {
		r.t.Fatal(err)
	}
}

// faultOf is what goes wrong by intention.
func faultOf(line captured) string {
	switch {
	case line.Status == nil:
		return ""
	case line.store() && *line.Status == http.StatusUnauthorized:
		return "expired-token,times=1"
	case line.ResponseHeaders["ETag"] == strings.Repeat("0", 32):
		return "etag=wrong,times=1"
	case *line.Status < 400, line.Method == "HEAD":
		return ""
	}
	return fmt.Sprintf("status=%d,times=1", *line.Status)
}

// objectRequest is the recorded request with content of ours, and the sum of that.
func (r *replay) objectRequest(line captured) (*http.Request, string) {
	r.t.Helper()
	var body io.Reader
	sum := ""
	if line.Method == "PUT" {
		content := r.content(line.RequestBody)
		body, sum = struct{ io.Reader }{bytes.NewReader(content)}, sumOf(content) // without a length: in chunks
		if line.Status == nil {
			body = io.MultiReader(body, iotest.ErrReader(errors.New("cancelled")))
		}
	}
	request, err := http.NewRequestWithContext(context.Background(), line.Method, "https://localhost"+r.own(line.Path), body)
	if err != nil {
		r.t.Fatal(err)
	}
	for name, value := range line.Headers {
		switch name {
		case "Host":
			request.Host = value
		case "Connection":
			request.Close = value == "close"
		case "X-Auth-Token":
			request.Header.Set(name, r.permit[value])
		case "Transfer-Encoding":
		default:
			request.Header[name] = []string{latin1(strings.ReplaceAll(r.own(value), "<token>", r.token))}
		}
	}
	return request, sum
}

// latin1 is how the JavaScript client writes text into a header.
func latin1(text string) string {
	var b []byte
	for _, c := range text {
		b = append(b, byte(c))
	}
	return string(b)
}

// learnPermit takes the token of the object store. The address of the container must be the one that the requests go to.
func (r *replay) learnPermit(line captured, got answer) {
	r.t.Helper()
	var recorded, own struct{ StorageContainerURL, AuthToken string }
	if *line.Status != http.StatusOK {
		return
	}
	if err := errorsOf(json.Unmarshal(line.ResponseBody, &recorded), json.Unmarshal(got.body, &own)); err != nil {
		r.t.Fatal(err)
	}
	if want := "https://" + line.Headers["Host"] + emulator.ContainerPath; own.StorageContainerURL != want {
		r.t.Errorf("%d: container %s, want %s", line.Seq, own.StorageContainerURL, want)
	}
	r.permit[recorded.AuthToken] = own.AuthToken
}

func (r *replay) storedSum(line captured) string {
	for _, o := range r.server.Objects(r.own(line.object())) {
		return o.MD5
	}
	return ""
}

// compareObject notes how an answer of the store differs from the recorded one. sum is that of the content that was sent or is stored.
func (r *replay) compareObject(line captured, got answer, sum string) {
	r.t.Helper()
	where := callName(line)
	if got.status != *line.Status {
		r.note(difference{"status", where + " of `" + line.object() + "`", strconv.Itoa(*line.Status), strconv.Itoa(got.status)})
		return
	}
	names := []string{"Content-Type", "Content-Encoding", "Last-Modified", "Etag"}
	if got.status < 300 {
		names = append(names, "Content-Length") // of a refusal: its wording
	}
	for name := range line.ResponseHeaders {
		if name = http.CanonicalHeaderKey(name); strings.HasPrefix(name, "X-Object-Meta-") {
			names = append(names, name)
		}
	}
	for _, name := range names {
		recorded, own := formOf(name, latin1(headerOf(line.ResponseHeaders, name)), ""), formOf(name, got.header.Get(name), sum)
		if recorded != own {
			r.note(difference{"header `" + name + "`", where, orAbsent(recorded), orAbsent(own)})
		}
	}
	if line.Method == "GET" && got.status == http.StatusOK {
		if want := r.content(line.ResponseBody); !bytes.Equal(got.body, want) {
			r.t.Errorf("%d: %d bytes, want %d", line.Seq, len(got.body), len(want))
		}
	}
}

// formOf gives what can be compared of a header: of dates and sums the form. sum is the one that counts, "" for any.
func formOf(name, value, sum string) string {
	switch {
	case name == "Last-Modified" && value != "":
		if _, err := http.ParseTime(value); err == nil {
			return "an HTTP date"
		}
	case name == "Etag" && len(value) == 32 && strings.Trim(value, "0123456789abcdef") == "" && strings.Trim(value, "0") != "" && (sum == "" || value == sum):
		return "the MD5 sum"
	}
	return value
}
