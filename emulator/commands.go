package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/conformance"
	"github.com/iotcs-go/iotcs/emulator/internal/history"
	"github.com/iotcs-go/iotcs/emulator/internal/mailbox"
	"github.com/iotcs-go/iotcs/emulator/internal/query"
	"github.com/iotcs-go/iotcs/emulator/internal/registry"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// commanded finds device and model of a path below …/devices/{id}/deviceModels/{urn}.
func (s *Server) commanded(id, urn string) (*registry.Device, *registry.Model, error) {
	device, err := s.findDevice(id)
	if err != nil {
		return nil, nil, err
	}
	model, err := s.model(urn)
	if err != nil {
		return nil, nil, err
	}
	if !device.Implements(urn) {
		return nil, nil, problem(http.StatusNotFound, "the device does not implement the device model %s", urn)
	}
	return device, model, nil
}

// getAttributes gives the last values that the device reported. Attributes never reported are absent.
func (s *Server) getAttributes(c *call) error {
	device, model, err := s.commanded(c.params["id"], urn(c.params["urn"]))
	if err != nil {
		return err
	}
	since, err := query.Number(c.query, "since", 0)
	if err != nil {
		return err
	}
	values := make(map[string]json.RawMessage)
	for name, value := range s.history.Values(device.ID, model.URN) {
		if value.Received >= since {
			values[name] = value.Value.AppendJSON(nil)
		}
	}
	return c.json(http.StatusOK, values)
}

func (s *Server) getAttribute(c *call) error {
	device, model, err := s.commanded(c.params["id"], urn(c.params["urn"]))
	if err != nil {
		return err
	}
	attribute := model.Attribute(c.params["name"])
	if attribute == nil {
		return problem(http.StatusNotFound, "the device model has no attribute %.100s", c.params["name"])
	}
	answer := make(map[string]json.RawMessage)
	if value, ok := s.history.Values(device.ID, model.URN)[attribute.Name]; ok {
		answer[attribute.Name] = value.Value.AppendJSON(nil)
	}
	return c.json(http.StatusOK, answer)
}

// command is a kind of request about a device model: its path behind the URN, and how it is checked and sent.
type command struct {
	method  string
	path    string // attributes/name, attributes or actions/name; names as they came, aliases too
	headers map[string][]string
	check   func(model *registry.Model, body []byte) ([]byte, error)
}

func jsonHeaders() map[string][]string {
	return map[string][]string{"content-type": {"application/json"}}
}

func writeCommand(name string) command {
	return command{http.MethodPut, "attributes/" + name, jsonHeaders(), func(m *registry.Model, body []byte) ([]byte, error) {
		return conformance.Write(m, name, body)
	}}
}

// updateCommand is sent as POST with a header, which the Java device takes for the PATCH that it means.
func updateCommand() command {
	headers := jsonHeaders()
	headers["x-http-method-override"] = []string{http.MethodPatch}
	return command{http.MethodPost, "attributes", headers, conformance.Update}
}

func callCommand(name string) command {
	return command{http.MethodPost, "actions/" + name, jsonHeaders(), func(m *registry.Model, body []byte) ([]byte, error) {
		return conformance.Call(m, name, body)
	}}
}

// request makes the request of a command, checked against the model unless checks are off.
func (s *Server) request(model *registry.Model, cmd command, body []byte) (*wire.Request, error) {
	if s.config.checkRequests {
		var err error
		if body, err = cmd.check(model, body); err != nil {
			return nil, err
		}
	}
	return &wire.Request{Method: cmd.method, URL: "deviceModels/" + model.URN + "/" + cmd.path, Headers: cmd.headers, Body: body}, nil
}

func (s *Server) putAttribute(c *call) error    { return s.command(c, writeCommand(c.params["name"])) }
func (s *Server) patchAttributes(c *call) error { return s.command(c, updateCommand()) }
func (s *Server) postAction(c *call) error      { return s.command(c, callCommand(c.params["name"])) }

func (s *Server) command(c *call, cmd command) error {
	device, model, err := s.commanded(c.params["id"], urn(c.params["urn"]))
	if err != nil {
		return err
	}
	body, err := c.body(maxSmallBody)
	if err != nil {
		return err
	}
	request, err := s.request(model, cmd, body)
	if err != nil {
		return err
	}
	return s.forward(c, device, request)
}

// forward sends a request to the device and answers with its status, or with the device's answer when the caller wants to wait
// (docs/protocol/management-api.md §9.2).
func (s *Server) forward(c *call, device *registry.Device, request *wire.Request) error {
	wait, err := waitOf(c.query)
	if err != nil {
		return err
	}
	sent, err := s.sendRequest(device, request)
	if err != nil {
		return err
	}
	if wait <= 0 {
		return c.json(http.StatusAccepted, requestBodyOf(c, sent))
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), wait)
	defer cancel()
	ended, err := s.mailbox.Await(ctx, sent.ID)
	switch {
	case c.r.Context().Err() != nil:
		return c.r.Context().Err()
	case err != nil && !errors.Is(err, context.DeadlineExceeded):
		return err
	case !ended.Done():
		return c.json(http.StatusAccepted, requestBodyOf(c, ended))
	case ended.Status == mailbox.Failed:
		return problem(ended.Response.StatusCode, "the device did not answer")
	}
	return c.deviceAnswer(ended.Response)
}

// waitOf gives how long the caller of a request waits for the device's answer, 0 for not at all. iot.timeout is in ms here.
func waitOf(values query.Values) (time.Duration, error) {
	ms, err := query.Number(values, "iot.timeout", mailbox.Life.Milliseconds())
	if err != nil {
		return 0, err
	}
	if _, sync := values.Lookup("iot.sync"); !sync {
		return 0, nil
	}
	return time.Duration(min(ms, mailbox.Life.Milliseconds())) * time.Millisecond, nil
}

// sendRequest queues a request for the device and notes it in the history.
func (s *Server) sendRequest(device *registry.Device, request *wire.Request) (mailbox.Request, error) {
	if device.State != registry.Activated {
		return mailbox.Request{}, problem(http.StatusConflict, "the device is %v", device.State)
	}
	sent, text, err := s.mailbox.Send(device.ID, device.Owner, request)
	if err != nil {
		return sent, err
	}
	message, err := wire.DecodeMessage(text)
	if err != nil {
		return sent, err
	}
	if _, err := s.history.Add(history.Incoming{Message: message, JSON: text, ToDevice: true}); err != nil {
		return sent, err
	}
	return sent, nil
}

// deviceAnswer gives a device's answer to who asked: status, headers that mean something, decoded body.
func (c *call) deviceAnswer(answer *wire.Response) error {
	status := answer.StatusCode
	if status < 200 || status > 599 || status == http.StatusUnauthorized { // 401 would make a client ask for a password
		status = http.StatusBadGateway
	}
	for name, values := range answer.Headers {
		if len(values) > 0 && len(name) > 2 && name[:2] == "x-" && name != "x-content-type-options" {
			c.w.Header()[http.CanonicalHeaderKey(name)] = values
		}
	}
	contentType := wire.HeaderValue(answer.Headers, "content-type")
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	return c.send(status, contentType, answer.Body)
}

// requestBody is the status of a request (docs/protocol/management-api.md §9.2).
type requestBody struct {
	ID                   string        `json:"id"`
	RequestID            string        `json:"requestId"`
	Status               string        `json:"status"`
	Complete             bool          `json:"complete"`
	EndpointID           string        `json:"endpointId"`
	RequestMethod        string        `json:"requestMethod"`
	URL                  string        `json:"url"`
	RequestReceivedTime  int64         `json:"requestReceivedTime"`
	Response             *responseBody `json:"response,omitempty"`
	ResponseStatusCode   string        `json:"responseStatusCode,omitempty"`
	ResponseReceivedTime int64         `json:"responseReceivedTime,omitempty"`
	Links                []link        `json:"links"`
}

// responseBody is the answer as the device sent it; the body stays in base64.
type responseBody struct {
	StatusCode int                 `json:"statusCode"`
	Headers    map[string][]string `json:"headers"`
	Body       []byte              `json:"body"`
	URL        string              `json:"url"`
	RequestID  string              `json:"requestId"`
}

func requestBodyOf(c *call, r mailbox.Request) requestBody {
	href := c.link("/requests/" + r.ID)
	body := requestBody{
		ID: r.ID, RequestID: r.ID, Status: string(r.Status), Complete: r.Done(), EndpointID: r.Device, RequestMethod: r.Method, URL: r.URL,
		RequestReceivedTime: r.Received, ResponseReceivedTime: r.Answered, Response: responseBodyOf(r.Response),
		Links: []link{{"requests", href}, {"self", href}},
	}
	if r.Response != nil {
		body.ResponseStatusCode = "HTTP " + statusText(r.Response.StatusCode)
	}
	return body
}

func responseBodyOf(r *wire.Response) *responseBody {
	if r == nil {
		return nil
	}
	body := &responseBody{r.StatusCode, r.Headers, r.Body, r.URL, r.RequestID}
	if body.Headers == nil {
		body.Headers = map[string][]string{}
	}
	if body.Body == nil {
		body.Body = []byte{} // "" rather than null
	}
	return body
}

func (s *Server) getRequest(c *call) error {
	request, err := s.mailbox.Request(c.params["id"])
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, requestBodyOf(c, request))
}

func (s *Server) getResponse(c *call) error {
	request, err := s.mailbox.Request(c.params["id"])
	switch {
	case err != nil:
		return err
	case !request.Done():
		return problem(http.StatusNotFound, "the device has not answered yet")
	}
	return c.json(http.StatusOK, responseBodyOf(request.Response))
}
