package wire

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// captured gives the messages of the official clients, by file.
func captured(t testing.TB) map[string][][]byte {
	t.Helper()
	files, err := filepath.Glob("../../testdata/messages/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captured messages: %v", err)
	}
	messages := make(map[string][][]byte)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		messages[filepath.Base(file)] = bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	}
	return messages
}

// seedMessages gives one captured message of each type and file.
func seedMessages(t testing.TB) (seeds [][]byte) {
	for _, messages := range captured(t) {
		var seen [TypeResourcesReport + 1]bool
		for _, text := range messages {
			m, err := DecodeMessage(text)
			if err != nil {
				t.Fatal(err)
			}
			if !seen[m.Type] {
				seen[m.Type] = true
				seeds = append(seeds, text)
			}
		}
	}
	return seeds
}

// TestCapturedMessages reads every message that the official clients sent and
// received, and writes it again with the same meaning.
func TestCapturedMessages(t *testing.T) {
	count := make(map[MessageType]int)
	for file, messages := range captured(t) {
		for i, text := range messages {
			m, err := DecodeMessage(text)
			if err != nil {
				t.Errorf("%s:%d: %v", file, i+1, err)
				continue
			}
			count[m.Type]++
			checkEnds(t, m)
			again, err := m.Append(nil)
			if err != nil {
				t.Errorf("%s:%d: %v", file, i+1, err)
				continue
			}
			if diff := cmp.Diff(meaning(t, text), meaning(t, again)); diff != "" {
				t.Errorf("%s:%d: (-captured +ours)\n%s", file, i+1, diff)
			}
			back, err := DecodeMessage(again)
			if err != nil || !reflect.DeepEqual(m, back) {
				t.Errorf("%s:%d: read back %+v, %v, want %+v", file, i+1, back, err, m)
			}
		}
	}
	want := map[MessageType]int{TypeData: 132, TypeAlert: 25, TypeRequest: 73, TypeResponse: 62, TypeResourcesReport: 58}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("messages by type (-want +got)\n%s", diff)
	}
}

// checkEnds: what a client sent passes for a server, what it took for a device.
func checkEnds(t *testing.T, m *Message) {
	t.Helper()
	if m.ClientID.IsZero() || m.ClientID.String() != m.ClientText {
		t.Errorf("client id %v of %q", m.ClientID, m.ClientText)
	}
	device, server := m.CheckRequest(), m.CheckFromDevice()
	if m.Type == TypeRequest {
		device, server = server, device
	}
	if server != nil || device == nil {
		t.Errorf("%v: checks give %v and %v", m.Type, server, device)
	}
}

// meaning gives a message as maps, without what has none: members that the
// clients add for themselves, and members at their default.
func meaning(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var message map[string]any
	if err := json.Unmarshal(text, &message); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	delete(message, "remainingRetries")     // JavaScript
	delete(message, "receivedTimeAsString") // the server's view
	delete(message, "links")
	if p, ok := message["properties"].(map[string]any); ok && len(p) == 0 {
		delete(message, "properties")
	}
	if message["type"] == "ALERT" {
		delete(message["payload"].(map[string]any), "reliability") // JavaScript
	}
	return message
}
