package devicemodel_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/iotcs-go/iotcs/internal/racetest"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// A file that a crash or a lost connection cut short is told from any other: at every byte.
func TestTruncatedAnywhere(t *testing.T) {
	data := sample(t, "urn:com:example:iot:device:pump")
	end := strings.LastIndexByte(string(data), '}')
	for n := range end + 1 {
		docs, found := devicemodel.Inspect(data[:n])
		if docs != nil || len(found) != 1 || found[0].Offset != int64(n) {
			t.Fatalf("%d bytes: %v", n, found)
		}
		if !strings.Contains(found[0].Text, "ends") && !strings.Contains(found[0].Text, "empty") || found[0].Remedy != "the file is incomplete: get it again or restore it" {
			t.Fatalf("%d bytes: %v", n, found[0])
		}
		if _, _, err := devicemodel.Load(data[:n]); !errors.Is(err, devicemodel.ErrSyntax) {
			t.Fatalf("%d bytes: Load: %v", n, err)
		}
	}
}

// One changed byte never leads to a panic, to a finding outside the text or to loaders that disagree.
func TestOneByteDamaged(t *testing.T) {
	data := sample(t, humidityURN)
	step := 1
	if racetest.Enabled {
		step = 7
	}
	for i := 0; i < len(data); i += step {
		for _, c := range []byte{0, ' ', '"', '\\', ',', '0', '}', ']', 'x', 0xc3, data[i] ^ 1, data[i] ^ 0x80} {
			damaged := append([]byte(nil), data...)
			damaged[i] = c
			docs, found := devicemodel.Inspect(damaged)
			checkPlaces(t, damaged, docs, found)
			m, warnings, err := devicemodel.Load(damaged)
			checkAgreement(t, docs, found, m, warnings, err)
		}
	}
}

// A lost or a doubled line is the damage that a merge does.
func TestLineLostOrDoubled(t *testing.T) {
	for _, urn := range []string{humidityURN, "urn:com:example:iot:device:pump", "urn:com:example:iot:device:lamp"} {
		lines := strings.SplitAfter(string(sample(t, urn)), "\n")
		for i := range lines {
			for name, damaged := range map[string]string{
				"lost":    strings.Join(lines[:i], "") + strings.Join(lines[i+1:], ""),
				"doubled": strings.Join(lines[:i+1], "") + strings.Join(lines[i:], ""),
			} {
				docs, found := devicemodel.Inspect([]byte(damaged))
				checkPlaces(t, []byte(damaged), docs, found)
				m, warnings, err := devicemodel.Load([]byte(damaged))
				checkAgreement(t, docs, found, m, warnings, err)
				if name == "doubled" && strings.TrimSpace(lines[i]) != "" && err == nil {
					t.Errorf("%s: line %d doubled goes unnoticed: %s", urn, i+1, lines[i])
				}
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	data := sample(t, "urn:com:example:iot:vehicle:passenger_car")
	want := devicemodel.Fingerprint(mustLoad(t, string(data)))
	shared := mustLoad(t, string(data))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				m, _, err := devicemodel.Load(data)
				if err != nil || devicemodel.Fingerprint(m) != want || devicemodel.Fingerprint(shared) != want {
					t.Errorf("Load beside others: %v", err)
				}
				devicemodel.Inspect(data)
				devicemodel.Rules()
			}
		})
	}
	wg.Wait()
}
