// Package emulatortest gives tests a cloud of their own, as net/http/httptest gives them a web server: an emulator per test, devices
// with provisioning files for it, and means to see what a device sent and to send it something.
//
//	func TestDevice(t *testing.T) {
//		cloud := emulatortest.New(t)
//		cloud.AddModelFile("models/pump.json")
//		pump := cloud.AddDevice("pump-7", emulatortest.Activated("urn:com:acme:pump"))
//
//		// … open pump.Path with pump.Passphrase in the code under test and let it report a speed …
//
//		m := cloud.WaitMessage(t.Context(), emulatortest.Data("urn:com:acme:pump:attributes"))
//		answer := cloud.WriteAttribute(pump.EndpointID, "urn:com:acme:pump", "speed", 1200).Answer(t.Context())
//	}
//
// [New] serves on a free port of 127.0.0.1, and everything works as over a real network. With [InMemory] there is no port: connections
// are pipes that [Server.Dial] makes, which is what a test inside a bubble of testing/synctest needs, where real sockets hang. Either
// way the client under test should dial with Server.Dial.
//
// The certificate authority and the key of activated devices are made once per test binary; after that a server takes a few
// milliseconds. Servers are independent of each other, any number may run in parallel, and each ends with its test, leaving no
// goroutine behind. When a test fails, the traffic of its server goes to the test's log.
//
// Methods that take what they need from a test fail it, with [testing.TB.Fatal], when they cannot do what they are for; call them from
// the test's own goroutine.
package emulatortest
