package emulatortest

// AddPolicy adds a device policy of a device model, given as its JSON text, assigns it to the devices with these endpoint ids, and gives
// its id. The devices are told.
func (s *Server) AddPolicy(modelURN, document string, endpointIDs ...string) (id string) {
	s.t.Helper()
	id, err := s.emulator.AddPolicy(modelURN, []byte(document))
	if err != nil {
		s.t.Fatalf("emulatortest: %v", err)
	}
	s.AssignPolicy(id, endpointIDs...)
	return id
}

// UpdatePolicy replaces the document of a policy; its devices are told.
func (s *Server) UpdatePolicy(id, document string) {
	s.t.Helper()
	if err := s.emulator.UpdatePolicy(id, []byte(document)); err != nil {
		s.t.Fatalf("emulatortest: %v", err)
	}
}

// AssignPolicy gives a policy to devices, which are told.
func (s *Server) AssignPolicy(id string, endpointIDs ...string) {
	s.t.Helper()
	if len(endpointIDs) == 0 {
		return
	}
	if err := s.emulator.AssignPolicy(id, endpointIDs...); err != nil {
		s.t.Fatalf("emulatortest: %v", err)
	}
}

// UnassignPolicy takes a policy from devices, which are told.
func (s *Server) UnassignPolicy(id string, endpointIDs ...string) {
	s.t.Helper()
	if err := s.emulator.UnassignPolicy(id, endpointIDs...); err != nil {
		s.t.Fatalf("emulatortest: %v", err)
	}
}
