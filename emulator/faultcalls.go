package emulator

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/iotcs-go/iotcs/emulator/internal/query"
)

// faultRoutes are the calls with which people make things go wrong (docs/cli.md).
func faultRoutes() []route {
	return []route{
		{method: "GET", pattern: "emulator/faults", access: people, handle: (*Server).getFaults},
		{method: "POST", pattern: "emulator/faults", access: people, handle: (*Server).postFault},
		{method: "DELETE", pattern: "emulator/faults", access: people, handle: (*Server).deleteFaults},
		{method: "GET", pattern: "emulator/faults/{fault}", access: people, handle: (*Server).getFault},
		{method: "DELETE", pattern: "emulator/faults/{fault}", access: people, handle: (*Server).deleteFault},
	}
}

// faultBody is a fault and what it did so far.
type faultBody struct {
	ID    int    `json:"id"`
	Rule  string `json:"rule"`
	Calls int64  `json:"calls"`
	Fired int64  `json:"fired"`
	Links []link `json:"links"`
}

func faultBodyOf(c *call, f FaultReport) any {
	return faultBody{f.ID, f.Fault.String(), f.Calls, f.Fired, []link{{"self", c.link("/emulator/faults/" + strconv.Itoa(f.ID))}}}
}

func (s *Server) getFaults(c *call) error {
	return list(c, s.Faults(), func(f FaultReport) any { return faultBodyOf(c, f) })
}

// postFault takes a rule as it is, or as {"rule":"…"}.
func (s *Server) postFault(c *call) error {
	body, err := c.body(maxSmallBody)
	if err != nil {
		return err
	}
	body = bytes.TrimSpace(body)
	text := string(body)
	if bytes.HasPrefix(body, []byte("{")) {
		var in struct {
			Rule string `json:"rule"`
		}
		if err := unmarshal(body, &in); err != nil {
			return err
		}
		text = in.Rule
	}
	fault, err := ParseFault(text)
	if err != nil {
		return faultProblem(err)
	}
	id, err := s.AddFault(fault)
	if err != nil {
		return faultProblem(err)
	}
	return c.json(http.StatusCreated, faultBodyOf(c, FaultReport{ID: id, Fault: fault}))
}

func (s *Server) deleteFaults(c *call) error {
	s.ClearFaults()
	return c.noContent()
}

func (s *Server) getFault(c *call) error {
	for _, f := range s.Faults() {
		if strconv.Itoa(f.ID) == c.params["fault"] {
			return c.json(http.StatusOK, faultBodyOf(c, f))
		}
	}
	return problem(http.StatusNotFound, "there is no fault %.40s", c.params["fault"])
}

func (s *Server) deleteFault(c *call) error {
	id, err := strconv.Atoi(c.params["fault"])
	if err != nil {
		return problem(http.StatusNotFound, "there is no fault %.40s", c.params["fault"])
	}
	if err := s.RemoveFault(id); err != nil {
		return err
	}
	return c.noContent()
}

// withoutPoll is an offer of no bytes that does not wait.
func withoutPoll(values query.Values) query.Values {
	var kept query.Values
	for _, pair := range values {
		if pair.Name != "iot.sync" {
			kept = append(kept, pair)
		}
	}
	return kept.With("acceptBytes", "0")
}
