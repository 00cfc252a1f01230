package main

import (
	"bytes"
	"testing"

	"github.com/iotcs-go/iotcs/generated/humiditysensor"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/devicetest"
)

func newStation(t *testing.T) (*devicetest.Client, *station) {
	t.Helper()
	cloud := devicetest.New()
	sensor, err := humiditysensor.New(cloud, "0-AB")
	if err != nil {
		t.Fatal(err)
	}
	s := &station{out: t.Output(), sensor: sensor}
	sensor.HandleActions(s)
	sensor.OnMaxThreshold(device.Accept)
	return cloud, s
}

func TestHighHumidityRaisesAnAlert(t *testing.T) {
	cloud, s := newStation(t)
	if err := s.measure(81); err != nil {
		t.Fatal(err)
	}
	sent := cloud.Sent()
	if len(sent) != 2 || sent[0].Alert || !sent[1].Alert {
		t.Fatalf("sent %+v, want a reading and an alert", sent)
	}
	if humidity, _ := sent[1].Get("humidity"); humidity != int64(81) {
		t.Errorf("the alert says %v", humidity)
	}
}

func TestTheCloudMovesTheThreshold(t *testing.T) {
	cloud, s := newStation(t)
	if answer := cloud.Write(t.Context(), s.sensor, "maxThreshold", 90); answer.Status != 202 {
		t.Fatalf("answer %+v", answer)
	}
	cloud.Reset()
	if err := s.measure(85); err != nil {
		t.Fatal(err)
	}
	if sent := cloud.Sent(); len(sent) != 1 || sent[0].Alert {
		t.Errorf("sent %+v, want just the reading", sent)
	}
}

func TestFullQueueIsReported(t *testing.T) {
	cloud, s := newStation(t)
	cloud.Refuse(&device.QueueFullError{Capacity: 1, Waiting: 1, Offered: 1})
	if err := s.measure(50); err == nil {
		t.Error("the lost reading was not reported")
	}
	if humidity, _ := s.sensor.Humidity(); humidity != 50 {
		t.Errorf("the value %d was not kept", humidity)
	}
}

const want = `The device measures:
  cloud got data: humidity=47
  cloud got data: humidity=85
  cloud got alert: humidity=85 note=open a window
The cloud writes the threshold and calls an action:
  answer to the write: 202
  device: primed for 5 s, hard false
  answer to the call: 202
  cloud got data: maxThreshold=90
What cannot be right is refused before it is sent:
  error: humidity: 130 is outside 0 to 100
`

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("output:\n%s\nwant:\n%s", out.String(), want)
	}
}
