package device_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

const capabilities = "deviceModels/urn:oracle:iot:dcd:capability:"

// ask sends a request of the cloud and returns status and body of the answer.
func (c *cloud) ask(endpoint, method, url, body string) (int, string) {
	c.t.Helper()
	r := c.await(c.Send(endpoint, &wire.Request{Method: method, URL: url, Body: []byte(body)}))
	return r.Response.StatusCode, string(r.Response.Body)
}

func TestBuiltInResourcesAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		d := c.open(c.assets("D-1", true))
		m := c.wait(func(m emulator.Message) bool { return m.Report != nil })
		var got []string
		for _, r := range m.Report.Resources {
			got = append(got, strings.TrimPrefix(r.Path, capabilities)+" "+strings.Join(r.Methods, ","))
		}
		want := "message_dispatcher/counters GET|message_dispatcher/reset PUT|message_dispatcher/pollingInterval GET,PUT|diagnostics/info GET|diagnostics/testConnectivity GET,PUT|device_policy/policyChanged PUT"
		if strings.Join(got, "|") != want || m.Report.ReportType != wire.ReportUpdate || m.Report.EndpointName != d.EndpointID() || m.Report.ReconciliationMark != "" {
			t.Errorf("report %v\n%s", got, m.JSON)
		}
	})
}

func TestDispatcherResources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		d := c.open(c.assets("D-1", true))
		must(t, d.Flush(t.Context()))
		tests := []struct {
			method, path, body string
			status             int
			want               string
		}{
			{"GET", "message_dispatcher/counters", "", 200, `{"load":0,"totalBytesSent":`},
			{"PUT", "message_dispatcher/counters", "", 405, ""},
			{"PUT", "message_dispatcher/reset", "x", 200, ""},
			{"GET", "message_dispatcher/reset", "", 405, ""},
			{"GET", "message_dispatcher/pollingInterval", "", 200, `{"value":3000}`},
			{"PUT", "message_dispatcher/pollingInterval", `{"value":5000,"pollingInterval":9}`, 200, ""},
			{"GET", "message_dispatcher/pollingInterval", "", 200, `{"value":5000}`},
			{"PUT", "message_dispatcher/pollingInterval", `{"pollingInterval":7000}`, 200, ""},
			{"GET", "message_dispatcher/pollingInterval", "", 200, `{"value":7000}`},
			{"PUT", "message_dispatcher/pollingInterval", `{"value":0}`, 200, ""},
			{"GET", "message_dispatcher/pollingInterval", "", 200, `{"value":0}`},
			{"PUT", "message_dispatcher/pollingInterval", `{"value":-1}`, 400, "value"},
			{"PUT", "message_dispatcher/pollingInterval", `{"value":1.5}`, 400, "value"},
			{"PUT", "message_dispatcher/pollingInterval", `{"value":1e300}`, 400, "value"},
			{"PUT", "message_dispatcher/pollingInterval", `{"value":"5"}`, 400, "value"},
			{"PUT", "message_dispatcher/pollingInterval", `{}`, 400, "value"},
			{"PUT", "message_dispatcher/pollingInterval", `nonsense`, 400, ""},
			{"PUT", "diagnostics/info", "", 405, ""},
		}
		for _, tc := range tests {
			status, body := c.ask(d.EndpointID(), tc.method, capabilities+tc.path, tc.body)
			if status != tc.status || !strings.HasPrefix(body, tc.want) && !strings.Contains(body, tc.want) {
				t.Errorf("%s %s %s: %d %s, want %d %s", tc.method, tc.path, tc.body, status, body, tc.status, tc.want)
			}
		}
	})
}

func TestDiagnosticsInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		set := c.open(c.assets("D-1", true), device.WithClientVersion("1.2.3"), device.WithDiagnosticsAddress("192.0.2.7", "AA-BB"), device.WithDiagnosticsPath(t.TempDir()))
		found := c.open(c.assets("D-2", true))
		for _, d := range []*device.Device{set, found} {
			status, body := c.ask(d.EndpointID(), "GET", capabilities+"diagnostics/info", "")
			var info struct {
				FreeDiskSpace, TotalDiskSpace, StartTime int64
				IPAddress, MACAddress, Version           string
			}
			must(t, json.Unmarshal([]byte(body), &info))
			if status != 200 || info.FreeDiskSpace <= 0 || info.TotalDiskSpace < info.FreeDiskSpace || info.StartTime != 946684800000 || info.IPAddress == "" || info.MACAddress == "" || info.Version == "" {
				t.Errorf("%d %s", status, body)
			}
			if d == set && (info.Version != "1.2.3" || info.IPAddress != "192.0.2.7" || info.MACAddress != "AA-BB") {
				t.Errorf("what was set is not told: %s", body)
			}
		}
	})
}

func TestConnectivityTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		d := c.open(c.assets("D-1", true))
		path := capabilities + "diagnostics/testConnectivity"
		ask := func(method, body string, want int) string {
			t.Helper()
			status, text := c.ask(d.EndpointID(), method, path, body)
			if status != want {
				t.Errorf("%s %s: %d %s, want %d", method, body, status, text, want)
			}
			return text
		}
		for _, bad := range []string{"", "x", `{}`, `{"active":1}`, `{"active":true}`, `{"active":true,"count":0,"interval":1,"size":1}`,
			`{"active":true,"count":1,"interval":0,"size":1}`, `{"active":true,"count":1,"interval":1,"size":4097}`, `{"active":true,"count":1,"interval":"1","size":1}`} {
			ask("PUT", bad, 400)
		}
		ask("PUT", `{"active":false}`, 200)
		ask("PUT", `{"active":true,"count":3,"interval":10000,"size":5}`, 200)
		ask("PUT", `{"active":true,"count":3,"interval":10000,"size":5}`, 409)
		time.Sleep(15 * time.Second)
		if got := ask("GET", "", 200); got != `{"active":true,"count":3,"currentCount":2,"interval":10000,"size":5}` {
			t.Errorf("half way: %s", got)
		}
		time.Sleep(20 * time.Second)
		if got := ask("GET", "", 200); got != `{"active":false,"count":3,"currentCount":3,"interval":10000,"size":5}` {
			t.Errorf("at the end: %s", got)
		}
		for i := range 3 {
			m := c.wait(carries("current", float64(i)))
			if n, _ := m.Data.Items[2].Value.AsNumber(); m.Data.Format != "urn:oracle:iot:dcd:capability:diagnostics:test_message" || n != 0 || m.Data.Items[2].Value.Text() != "*****" {
				t.Errorf("message %s", m.JSON)
			}
		}
		ask("PUT", `{"active":true,"count":1000,"interval":10000,"size":5}`, 200)
		ask("PUT", `{"active":false}`, 200)
		if got := ask("GET", "", 200); got != `{"active":false,"count":0,"currentCount":0,"interval":0,"size":0}` {
			t.Errorf("after the stop: %s", got)
		}
		ask("PUT", `{"active":true,"count":1000,"interval":10000,"size":5}`, 200) // Close ends it
	})
}

func TestApplicationResources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		d := c.open(c.assets("D-1", true))
		h := func(_ context.Context, m *wire.Message) *wire.Response {
			return &wire.Response{StatusCode: 200, Body: []byte(m.Request.Method + " " + m.Request.URL + " " + string(m.Request.Body))}
		}
		for name, err := range map[string]error{
			"empty path":  d.Handle("", "", []string{"GET"}, h),
			"slash":       d.Handle("", "/x", []string{"GET"}, h),
			"no method":   d.Handle("", "x", nil, h),
			"bad method":  d.Handle("", "x", []string{"get"}, h),
			"no handler":  d.Handle("", "x", []string{"GET"}, nil),
			"bad unknown": d.Handle("", "x", []string{"GET", "TRACE"}, h),
		} {
			if err == nil {
				t.Errorf("%s: accepted", name)
			}
		}
		must(t, d.Handle("", "files", []string{"GET", "DELETE"}, h))
		if status, body := c.ask(d.EndpointID(), "GET", "files/a", ""); status != 200 || body != "GET files/a " {
			t.Errorf("%d %s", status, body)
		}
		if status, _ := c.ask(d.EndpointID(), "PUT", "files/a", ""); status != 405 {
			t.Errorf("PUT: %d", status)
		}
		m := c.wait(func(m emulator.Message) bool { return m.Report != nil && m.Report.Resources[0].Path == "files" })
		if r := m.Report.Resources[0]; r.Removed || strings.Join(r.Methods, ",") != "GET,DELETE" || r.EndpointName != d.EndpointID() {
			t.Errorf("%s", m.JSON)
		}
		must(t, d.Unhandle("", "files"))
		c.wait(func(m emulator.Message) bool {
			return m.Report != nil && m.Report.Resources[0].Path == "files" && m.Report.Resources[0].Removed
		})
		time.Sleep(20 * time.Second) // the settle time
		if status, _ := c.ask(d.EndpointID(), "GET", "files/a", ""); status != 404 {
			t.Errorf("after Unhandle: %d", status)
		}
	})
}

func TestSendAndQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		d := c.open(c.assets("D-1", true, plantURN))
		var delivered []string
		d.OnDelivered(func(ms []device.Delivery) {
			for _, m := range ms {
				delivered = append(delivered, m.Type.String()+" "+m.Format+" "+m.EndpointID)
			}
		})
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		delivered = nil
		m := device.DataMessage(plantURN+":attributes", wire.Item{Name: "speed", Value: wire.IntegerValue(9)})
		must(t, d.Send(t.Context(), m))
		if m.ClientID.IsZero() || m.Source != d.EndpointID() || m.EventTime == 0 {
			t.Errorf("the message was not completed: %+v", m)
		}
		c.wait(carries("speed", 9))
		must(t, d.Queue(
			device.DataMessage(plantURN+":attributes", wire.Item{Name: "speed", Value: wire.IntegerValue(10)}),
			device.AlertMessage(plantURN+":bare", "", device.SeverityCritical)))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if got := strings.Join(delivered, "|"); got != "ALERT "+plantURN+":bare "+d.EndpointID()+"|DATA "+plantURN+":attributes "+d.EndpointID() {
			t.Errorf("delivered %s", got)
		}
		bad := device.DataMessage("", wire.Item{Name: "speed", Value: wire.IntegerValue(9)})
		if err := d.Send(t.Context(), bad); err == nil {
			t.Error("a message without format was sent")
		}
		if err := d.Queue(bad); err == nil {
			t.Error("a message without format was queued")
		}
		var refused []string
		d.OnError(func(m device.Delivery, err error) { refused = append(refused, err.Error()) })
		foreign := device.DataMessage(plantURN+":attributes", wire.Item{Name: "speed", Value: wire.IntegerValue(9)})
		foreign.Source = "0-OTHER"
		if err := d.Send(t.Context(), foreign); err == nil {
			t.Error("the server took a message of another device")
		}
		must(t, d.Queue(foreign))
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		if len(refused) != 1 || !strings.Contains(refused[0], "400") {
			t.Errorf("refused %v", refused)
		}
		c.cut(true)
		if err := d.Send(t.Context(), m); !errors.Is(err, device.ErrUnreachable) {
			t.Errorf("send without server: %v", err)
		}
		d.OnDelivered(nil)
		d.OnError(nil)
	})
}

func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		d := c.open(c.assets("D-1", true))
		var states []string
		d.OnState(func(_, to device.Status) { states = append(states, to.State.String()) })
		must(t, d.Wait(t.Context(), device.StateOnline))
		c.cut(true)
		must(t, d.Wait(t.Context(), device.StateBackoff))
		c.cut(false)
		must(t, d.Wait(t.Context(), device.StateOnline))
		must(t, d.Close(t.Context()))
		if got := strings.Join(states, " "); got != "online backoff online closed" {
			t.Errorf("states %s", got)
		}
		if d.Status().State != device.StateClosed {
			t.Errorf("status %+v", d.Status())
		}
		must(t, d.Wait(t.Context(), device.StateClosed))
		if err := d.Wait(t.Context(), device.StateOnline); !errors.Is(err, device.ErrClosed) {
			t.Errorf("wait: %v", err)
		}
	})
}
