package devicemodel_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// twelveAttributes is a model of ordinary size, as a server writes it.
func twelveAttributes() []byte {
	var parts []string
	for i := range 12 {
		parts = append(parts, fmt.Sprintf(`{"alias":"","defaultValue":%d,"description":"Value number %d, in percent of the scale",
  "name":"value-%02d","range":"0,100","type":"INTEGER","writable":true}`, i, i, i))
	}
	return []byte(withMembers(`"attributes":[` + strings.Join(parts, ",") + `],"actions":[{"name":"reset"},{"name":"ramp","argType":"INTEGER","range":"0,100"}],
 "formats":[{"urn":"urn:x:m:f","name":"F","description":"Too hot","type":"ALERT",
  "value":{"fields":[{"name":"temperature","optional":false,"type":"NUMBER"},{"name":"note","optional":true,"type":"STRING"}]}}],
 "links":[{"href":"https://iot.example.com/iot/api/v2/deviceModels/urn%3Ax%3Am","rel":"self"}]`))
}

func BenchmarkLoad(b *testing.B) {
	rack := sample(b, "urn:com:example:iot:plc:io_rack")
	for name, data := range map[string][]byte{"12 attributes": twelveAttributes(), "200 attributes": rack} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, _, err := devicemodel.Load(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkInspectList(b *testing.B) {
	list := []byte("[" + strings.Repeat(string(twelveAttributes())+",", 99) + string(twelveAttributes()) + "]")
	b.ReportAllocs()
	b.SetBytes(int64(len(list)))
	for b.Loop() {
		devicemodel.Inspect(list)
	}
}

func BenchmarkFingerprint(b *testing.B) {
	m := mustLoad(b, string(twelveAttributes()))
	b.ReportAllocs()
	for b.Loop() {
		devicemodel.Fingerprint(m)
	}
}

func BenchmarkFileName(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := devicemodel.FileName(humidityURN); err != nil {
			b.Fatal(err)
		}
	}
}

func TestLoadAllocations(t *testing.T) {
	if racetest.Enabled {
		t.Skip("the race detector allocates")
	}
	data := twelveAttributes()
	n := testing.AllocsPerRun(20, func() {
		if _, _, err := devicemodel.Load(data); err != nil {
			t.Fatal(err)
		}
	})
	if n > 400 {
		t.Errorf("%v allocations for a model of 12 attributes, want 400 at most", n)
	}
}

// A text of the largest size is read in a time that grows with its length, whatever is in it.
func TestHostileTextsTakeLinearTime(t *testing.T) {
	size := devicemodel.MaxSize - 1000
	if racetest.Enabled {
		size >>= 4 // some ten times slower
	}
	fill := func(part string) []byte {
		return []byte(withAttributes(strings.Repeat(part+",", size/(len(part)+1)) + `1`))
	}
	texts := map[string][]byte{
		"numbers":     fill(`0`),
		"objects":     fill(`{}`),
		"backslashes": []byte(withMembers(`"description":"` + strings.Repeat(`\\`, size/2) + `"`)),
		"white space": append(bytes.Repeat([]byte(" "), size), withMembers(`"attributes":[]`)...),
		"names":       fill(`{"name":"a","type":"X"}`),
		"one number":  []byte(withAttributes(`{"name":"a","type":"INTEGER","defaultValue":` + strings.Repeat("9", size) + `}`)),
		"one range":   []byte(withAttributes(`{"name":"a","type":"INTEGER","range":"` + strings.Repeat("0,", size/2) + `"}`)),
	}
	for name, data := range texts {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			devicemodel.Inspect(data)
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %v", d)
			} else {
				t.Logf("took %v", d)
			}
		})
	}
}
