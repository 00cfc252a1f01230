package emulatortest

import "github.com/iotcs-go/iotcs/emulator"

// Fault lets things go wrong from now on, each by a rule in the words of [emulator.ParseFault]: the calls of devices meet refusals,
// delays, cut connections and more.
//
//	cloud.Fault("status=503,retry-after=2s,route=messages,nth=3", "reset,p=0.02,seed=7")
func (s *Server) Fault(rules ...string) {
	s.t.Helper()
	for _, rule := range rules {
		fault, err := emulator.ParseFault(rule)
		if err == nil {
			_, err = s.emulator.AddFault(fault)
		}
		if err != nil {
			s.t.Fatalf("emulatortest: %s: %v", rule, err)
		}
	}
}

// ClearFaults lets things go right again. Access tokens that expired by a fault stay expired.
func (s *Server) ClearFaults() { s.emulator.ClearFaults() }

// Fired is how often the faults happened that there are now, in the order of their addition.
func (s *Server) Fired() []int {
	reports := s.emulator.Faults()
	fired := make([]int, len(reports))
	for i, r := range reports {
		fired[i] = int(r.Fired)
	}
	return fired
}
