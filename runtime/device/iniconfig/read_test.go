package iniconfig_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/device/iniconfig"
	"github.com/iotcs-go/iotcs/runtime/trust"
)

// packaged is the file as the Python client has it, with every key that its
// documents show (docs/protocol/python-parity.md §10).
const packaged = `# Configuration of the client
[device_model]
device_model_store =
prefix = dm-
suffix = .json
allow_draft_device_models = False

[rest_api]
use_webapi = False

[messaging]
long_polling_timeout_offset = 100
send_receive_timeout = 100
http_response_timeout = 15000

[media_storage]
disable_storage_object_prefix = False

[diagnostics]
client_paths =
client_version =
client_ip_address =
client_mac_address =
`

func parse(t *testing.T, text string) ([]device.Option, []string, error) {
	t.Helper()
	options, findings, err := iniconfig.Parse("config.ini", []byte(text))
	var lines []string
	for _, f := range findings {
		lines = append(lines, f.String())
	}
	return options, lines, err
}

func TestThePackagedFile(t *testing.T) {
	for name, text := range map[string]string{"": packaged, " with a byte order mark": "\ufeff" + packaged, " from Windows": strings.ReplaceAll(packaged, "\n", "\r\n")} {
		options, findings, err := parse(t, text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := []string{"config.ini:13: [messaging] send_receive_timeout: it has no effect: polls are made by the runtime, at dispatcher_polling_interval"}; !slices.Equal(findings, want) {
			t.Errorf("%s: findings %q", name, findings)
		}
		if len(options) != 4 { // drafts, offset, timeout, prefix
			t.Errorf("%s: %d options", name, len(options))
		}
		open(t, options)
	}
}

// open checks that a device takes the options.
func open(t *testing.T, options []device.Option) {
	t.Helper()
	assets, err := trust.NewMemory(trust.MemoryConfig{Config: trust.Config{ServerURI: "https://localhost", ClientID: "D-1", Secret: trust.Secret("s")}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := device.OpenAssets(t.Context(), assets, options...)
	if err != nil {
		t.Fatalf("a device refuses what the file says: %v", err)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// good has for every key a value that is taken and has an effect, the limits of
// numbers among them; "" where there is none.
var good = map[string][]string{
	"[device_model] device_model_store":                  {"/var/lib/models", "a folder with = and ; in it"},
	"[device_model] prefix":                              nil,
	"[device_model] suffix":                              nil,
	"[device_model] allow_draft_device_models":           {"True", "true", "1", "yes", "ON", "False", "0", "no", "off"},
	"[device_model] device_policy_store":                 {"policies"},
	"[device_model] refresh_after":                       {"1", "31622400"},
	"[device_model] require_policy":                      {"True"},
	"[rest_api] use_webapi":                              nil,
	"[messaging] long_polling_timeout_offset":            {"1", "100", "86400000"},
	"[messaging] send_receive_timeout":                   nil,
	"[messaging] http_response_timeout":                  {"1", "15000"},
	"[messaging] disable_long_polling":                   {"True", "False"},
	"[messaging] long_polling_hold_time":                 {"1", "60"},
	"[messaging] request_buffer_size":                    {"4192", "2147483647"},
	"[messaging] dispatcher_max_queue_size":              {"1", "10000"},
	"[messaging] dispatcher_max_messages_per_connection": {"1", "1000"},
	"[messaging] dispatcher_polling_interval":            {"0", "3000"},
	"[messaging] dispatcher_settle_time":                 {"0", "10000"},
	"[messaging] message_dispatcher_backoff":             {"100", "1000"},
	"[messaging] dispatcher_base_number_of_retries":      {"3", "30"},
	"[messaging] request_dispatcher_thread_pool_size":    {"1", "8"},
	"[messaging] request_timeout":                        {"1", "60000"},
	"[messaging] network_cost":                           {"ETHERNET", "cellular", "Satellite"},
	"[messaging] device_model_drift":                     {"warn", "IGNORE", "error"},
	"[media_storage] disable_storage_object_prefix":      {"True", "False"},
	"[media_storage] storage_connection_host_name":       {"store.example.com"},
	"[media_storage] storage_connection_retry_limit":     {"1", "2"},
	"[media_storage] storage_patience":                   {"0", "3600"},
	"[media_storage] storage_token_period":               {"1", "1800"},
	"[media_storage] maximum_storage_objects_to_queue":   {"1", "50"},
	"[media_storage] storage_transfers":                  {"1", "64"},
	"[media_storage] allow_insecure_storage":             {"True"},
	"[diagnostics] client_paths":                         {"/data"},
	"[diagnostics] client_version":                       {"1.2 # not a comment", `"quoted"`},
	"[diagnostics] client_ip_address":                    {"10.0.0.1"},
	"[diagnostics] client_mac_address":                   {"00-11-22-33-44-55"},
	"[persistence] state_directory":                      {"state"},
	"[persistence] outbox_directory":                     {"outbox"},
	"[persistence] outbox_sync":                          {"group", "OFF"},
	"[persistence] outbox_max_messages":                  {"1", "1000000"},
	"[persistence] outbox_max_bytes":                     {"1", "2147483647"},
	"[persistence] outbox_max_age":                       {"1", "31622400"},
}

func document(name, value string) string {
	section, key, _ := strings.Cut(name, " ")
	return section + "\n" + key + " = " + value + "\n"
}

func TestEveryKeyHasAnEffect(t *testing.T) {
	t.Chdir(t.TempDir()) // an outbox is made where the test runs
	for _, name := range iniconfig.KeyNames() {
		values, listed := good[name]
		if strings.HasPrefix(name, "[log] ") {
			values, listed = []string{"debug", "INFO", "warn", "error"}, true
		}
		if !listed {
			t.Errorf("%s has no row here", name)
		}
		for _, value := range values {
			options, findings, err := parse(t, document(name, value))
			if err != nil || len(findings) > 0 || len(options) != 1 {
				t.Errorf("%s = %s: %d options, %q, %v", name, value, len(options), findings, err)
				continue
			}
			open(t, options)
		}
	}
}

func TestValuesThatCannotBeUsed(t *testing.T) {
	tests := []struct{ name, value, problem, remedy string }{
		{"[device_model] prefix", "model-", "files named dm-", "write dm-, or remove the line"},
		{"[device_model] suffix", ".JSON", "files named dm-", "write .json, or remove the line"},
		{"[device_model] allow_draft_device_models", "maybe", "neither true nor false", "write True or False"},
		{"[device_model] refresh_after", "0", "not in the range", "from 1 to 31622400 (seconds)"},
		{"[rest_api] use_webapi", "True", "not by the web console's", "write False"},
		{"[rest_api] use_webapi", "x", "neither", "write False"},
		{"[messaging] long_polling_timeout_offset", "", "no whole number", "(milliseconds)"},
		{"[messaging] long_polling_timeout_offset", "0", "not in the range", "from 1 to"},
		{"[messaging] send_receive_timeout", "-1", "not in the range", "from 0 to"},
		{"[messaging] http_response_timeout", "15s", "no whole number", "from 1 to"},
		{"[messaging] http_response_timeout", "86400001", "not in the range", "to 86400000"},
		{"[messaging] http_response_timeout", "99999999999999999999", "no whole number", "from 1 to"},
		{"[messaging] request_buffer_size", "4191", "not in the range", "from 4192 to 2147483647"},
		{"[messaging] request_buffer_size", "2147483648", "not in the range", "from 4192"},
		{"[messaging] dispatcher_max_queue_size", "0", "not in the range", "from 1"},
		{"[messaging] message_dispatcher_backoff", "99", "not in the range", "from 100"},
		{"[messaging] dispatcher_base_number_of_retries", "2", "not in the range", "from 3"},
		{"[messaging] network_cost", "WIFI", "no such cost", "ETHERNET, CELLULAR or SATELLITE"},
		{"[messaging] device_model_drift", "panic", "no such answer", "warn, ignore or error"},
		{"[media_storage] disable_storage_object_prefix", "x", "neither", "write True or False"},
		{"[media_storage] storage_transfers", "0", "not in the range", "from 1"},
		{"[diagnostics] client_paths", ", /b", "first folder is empty", "write one folder"},
		{"[persistence] outbox_sync", "always", "no such way", "write group or off"},
		{"[persistence] outbox_max_age", "0", "not in the range", "from 1 to 31622400 (seconds)"},
		{"[log] transport", "loud", "no level", "debug, info, warn or error"},
	}
	for _, tc := range tests {
		t.Run(tc.name+"="+tc.value, func(t *testing.T) {
			options, _, err := parse(t, "# a comment\n\n"+document(tc.name, tc.value))
			var bad *iniconfig.ValueError
			if !errors.As(err, &bad) || !errors.Is(err, iniconfig.ErrInvalid) || len(options) > 0 {
				t.Fatalf("%d options, error %v", len(options), err)
			}
			if bad.Line != 4 || bad.File != "config.ini" || bad.Value != tc.value || !strings.Contains(bad.Problem, tc.problem) || !strings.Contains(bad.Remedy, tc.remedy) {
				t.Errorf("%+v", bad)
			}
			if text := err.Error(); !strings.HasPrefix(text, "config.ini:4: "+tc.name+" = "+tc.value) || !strings.Contains(text, tc.remedy) {
				t.Errorf("text %q", text)
			}
		})
	}
}

func TestAllBadValuesAreTold(t *testing.T) {
	_, _, err := parse(t, "[messaging]\nhttp_response_timeout = x\nlong_polling_timeout_offset = y\n")
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("error %v", err)
	}
}

func TestWhatHasNoEffectIsFound(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"slip in a key", "[messaging]\nhttp_responce_timeout = 5\n", "config.ini:2: [messaging] has no key http_responce_timeout; it has no effect: did you mean http_response_timeout?"},
		{"slip in a section", "[mesaging]\nhttp_response_timeout = 5\n", "config.ini:1: there is no section [mesaging]; its keys have no effect: did you mean [messaging]?"},
		{"another section's key", "[diagnostics]\nhttp_response_timeout = 5\n", "config.ini:2: [diagnostics] has no key http_response_timeout; it belongs into section [messaging]"},
		{"unlike anything", "[messaging]\nxyz = 5\n", "config.ini:2: [messaging] has no key xyz; it has no effect"},
		{"section unlike anything", "[qwertyuiop]\nxyz = 5\n", "config.ini:1: there is no section [qwertyuiop]; its keys have no effect"},
		{"several folders", "[diagnostics]\nclient_paths = /a, /b,/c\n", "config.ini:2: [diagnostics] client_paths: only the first folder has an effect, not /b,/c"},
		{"a component that is none", "[log]\ntransprot = info\n", "config.ini:2: [log] has no key transprot; it has no effect: did you mean transport?"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, findings, err := parse(t, tc.text)
			if err != nil || len(findings) == 0 || findings[0] != tc.want {
				t.Errorf("findings %q, want %q; error %v", findings, tc.want, err)
			}
		})
	}
}

func TestNoINI(t *testing.T) {
	tests := []struct {
		name, text string
		line       int
		problem    string
	}{
		{"a key without section", "a = b\n", 1, "before the first section"},
		{"neither", "[messaging]\nhello\n", 2, "neither a section"},
		{"no name", "[messaging]\n= 5\n", 2, "neither a section"},
		{"open section", "[messaging\n", 1, "no section"},
		{"section with tail", "[messaging] # mine\n", 1, "no section"},
		{"empty section", "[]\n", 1, "no section"},
		{"key twice", "[messaging]\nnetwork_cost=ETHERNET\nNetwork_Cost: CELLULAR\n", 3, "set in line 2"},
		{"section twice", "[log]\n[messaging]\n[log]\n", 3, "begun in line 1"},
		{"value over lines", "[diagnostics]\nclient_version = 1\n  2\n", 3, "over several lines"},
		{"indented", "[diagnostics]\n client_version = 1\n", 2, "continues nothing"},
		{"bytes", "[diagnostics]\nclient_version = \xff\n", 2, "not UTF-8"},
		{"zero", "[diagnostics]\nclient_version = \x00\n", 2, "not UTF-8"},
		{"carriage return", "[diagnostics]\nclient_version = a\rb\n", 2, "carriage return"},
		{"quotes of ini.v1", "[diagnostics]\nclient_version = `a`\n", 2, "without quotes"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			options, _, err := parse(t, tc.text)
			var bad *iniconfig.SyntaxError
			if !errors.As(err, &bad) || !errors.Is(err, iniconfig.ErrInvalid) || len(options) > 0 {
				t.Fatalf("%d options, error %v", len(options), err)
			}
			if bad.Line != tc.line || !strings.Contains(bad.Problem, tc.problem) {
				t.Errorf("error %v, want line %d with %q", bad, tc.line, tc.problem)
			}
		})
	}
}

func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "config.ini")
	if _, _, err := iniconfig.Read(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
	if err := os.WriteFile(name, []byte("[messaging]\nnetwork_cost = WIFI\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := iniconfig.Read(name); err == nil || !strings.HasPrefix(err.Error(), name+":2: ") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(name, []byte(packaged+strings.Repeat("#\n", iniconfig.MaxSize/2)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := iniconfig.Read(name); !errors.Is(err, iniconfig.ErrInvalid) {
		t.Errorf("a huge file: %v", err)
	}
	if _, _, err := iniconfig.Read(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}
