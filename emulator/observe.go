package emulator

import (
	"io"
	"net/http"
	"time"
)

// Exchange is a request and its answer, for a log of the traffic: see [WithObserver].
type Exchange struct {
	Start          time.Time
	Duration       time.Duration
	Method         string
	URL            string      // path and query as they came
	RequestHeader  http.Header // without what proves the caller's identity
	RequestBody    []byte      // its first 64 KiB, as far as it was read
	Status         int         // 0 when nothing was answered
	ResponseHeader http.Header
	ResponseBody   []byte // its first 64 KiB
}

const maxObserved = 64 << 10

// recorder notes what passes through an exchange.
type recorder struct {
	http.ResponseWriter
	noted Exchange
}

func newRecorder(w http.ResponseWriter, r *http.Request) *recorder {
	header := r.Header.Clone()
	for _, proof := range []string{"Authorization", tokenHeader} {
		if header.Get(proof) != "" {
			header.Set(proof, "…")
		}
	}
	record := &recorder{w, Exchange{Start: time.Now(), Method: r.Method, URL: r.RequestURI, RequestHeader: header}}
	r.Body = &notingBody{r.Body, record}
	return record
}

// Unwrap gives http.ResponseController the way to the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	r.noted.Status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write notes the body.
func (r *recorder) Write(p []byte) (int, error) {
	r.noted.ResponseBody = note(r.noted.ResponseBody, p)
	return r.ResponseWriter.Write(p)
}

func (r *recorder) exchange() Exchange {
	r.noted.Duration = time.Since(r.noted.Start)
	r.noted.ResponseHeader = r.Header().Clone()
	return r.noted
}

func note(dst, p []byte) []byte {
	return append(dst, p[:min(len(p), maxObserved-len(dst))]...)
}

// notingBody notes what is read of a request's body.
type notingBody struct {
	io.ReadCloser
	record *recorder
}

// Read notes what it reads.
func (b *notingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.record.noted.RequestBody = note(b.record.noted.RequestBody, p[:n])
	return n, err
}
