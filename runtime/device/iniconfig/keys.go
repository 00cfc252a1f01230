package iniconfig

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/iotcs-go/iotcs/runtime/device"
)

// key is one key that is understood. parse gives the option, or stores what
// makes an option only together with other keys; note says why a value that is
// no mistake has no effect.
type key struct {
	section, name string
	parse         func(text string, s *settings) (o device.Option, note string, err error)
	remedy        string
}

// settings collects what several keys make one option of.
type settings struct {
	ip, mac   string
	addressed bool
	levels    map[string]slog.Level
}

func (s *settings) options() []device.Option {
	var options []device.Option
	if s.addressed {
		options = append(options, device.WithDiagnosticsAddress(s.ip, s.mac))
	}
	if len(s.levels) > 0 {
		options = append(options, device.WithLogLevels(s.levels))
	}
	return options
}

// keys are all keys, in the order of docs/configuration.md.
func keys() []key {
	const (
		models, rest, messaging = "device_model", "rest_api", "messaging"
		media, info, persist    = "media_storage", "diagnostics", "persistence"
	)
	all := []key{
		path(models, "device_model_store", device.WithModelStore),
		fixed(models, "prefix", "dm-", "the runtime knows only files named dm-*.json"),
		fixed(models, "suffix", ".json", "the runtime knows only files named dm-*.json"),
		boolean(models, "allow_draft_device_models", device.WithDraftModels),
		path(models, "device_policy_store", device.WithPolicyStore),
		seconds(models, "refresh_after", 1, device.WithModelRefresh),
		flag(models, "require_policy", device.RequirePolicy),

		refused(rest, "use_webapi", "devices are served by the device API (/iot/api/v2), not by the web console's", "remove the line"),

		milliseconds(messaging, "long_polling_timeout_offset", 1, device.WithLongPollOffset),
		unused(messaging, "send_receive_timeout", 0, 1<<31-1, "it has no effect: polls are made by the runtime, at dispatcher_polling_interval"),
		milliseconds(messaging, "http_response_timeout", 1, device.WithResponseTimeout),
		not(messaging, "disable_long_polling", device.WithLongPolling),
		seconds(messaging, "long_polling_hold_time", 1, device.WithHoldTime),
		number(messaging, "request_buffer_size", 4192, device.WithRequestBuffer),
		number(messaging, "dispatcher_max_queue_size", 1, device.WithQueueSize),
		number(messaging, "dispatcher_max_messages_per_connection", 1, device.WithMaxMessagesPerPost),
		milliseconds(messaging, "dispatcher_polling_interval", 0, device.WithPollingInterval),
		milliseconds(messaging, "dispatcher_settle_time", 0, device.WithSettleTime),
		milliseconds(messaging, "message_dispatcher_backoff", 100, device.WithBackoff),
		number(messaging, "dispatcher_base_number_of_retries", 3, device.WithBaseRetries),
		number(messaging, "request_dispatcher_thread_pool_size", 1, device.WithRequestWorkers),
		milliseconds(messaging, "request_timeout", 1, device.WithRequestTimeout),
		{messaging, "network_cost", parseCost, "write ETHERNET, CELLULAR or SATELLITE"},
		{messaging, "device_model_drift", parseDrift, "write warn, ignore or error"},

		not(media, "disable_storage_object_prefix", device.WithStoragePrefix),
		text(media, "storage_connection_host_name", device.WithStorageHost),
		number(media, "storage_connection_retry_limit", 1, device.WithStorageAttempts),
		seconds(media, "storage_patience", 0, device.WithStoragePatience),
		seconds(media, "storage_token_period", 1, device.WithStorageTokenAge),
		number(media, "maximum_storage_objects_to_queue", 1, device.WithStorageQueueSize),
		number(media, "storage_transfers", 1, device.WithStorageTransfers),
		flag(media, "allow_insecure_storage", device.WithInsecureStorage),

		{info, "client_paths", parsePaths, "write one folder"},
		text(info, "client_version", device.WithClientVersion),
		address(info, "client_ip_address", func(s *settings, text string) { s.ip = text }),
		address(info, "client_mac_address", func(s *settings, text string) { s.mac = text }),

		path(persist, "state_directory", device.WithState),
		path(persist, "outbox_directory", device.WithOutbox),
		{persist, "outbox_sync", parseSync, "write group or off"},
		number(persist, "outbox_max_messages", 1, device.WithOutboxMaxMessages),
		number(persist, "outbox_max_bytes", 1, func(n int) device.Option { return device.WithOutboxMaxBytes(int64(n)) }),
		seconds(persist, "outbox_max_age", 1, device.WithOutboxMaxAge),
	}
	for _, component := range device.LogComponents() {
		all = append(all, level(component))
	}
	return all
}

// logSection holds a key for each component.
const logSection = "log"

func level(component string) key {
	return key{logSection, component, func(text string, s *settings) (device.Option, string, error) {
		var l slog.Level
		if err := l.UnmarshalText([]byte(text)); err != nil {
			return nil, "", errors.New("that is no level")
		}
		if s.levels == nil {
			s.levels = make(map[string]slog.Level)
		}
		s.levels[component] = l
		return nil, "", nil
	}, "write debug, info, warn or error"}
}

func parseCost(text string, _ *settings) (device.Option, string, error) {
	for i, name := range []string{"ETHERNET", "CELLULAR", "SATELLITE"} {
		if strings.EqualFold(text, name) {
			return device.WithNetworkCost([]device.NetworkCost{device.Ethernet, device.Cellular, device.Satellite}[i]), "", nil
		}
	}
	return nil, "", errors.New("there is no such cost")
}

func parseDrift(text string, _ *settings) (device.Option, string, error) {
	switch strings.ToLower(text) {
	case "warn":
		return device.OnDrift(device.Warn), "", nil
	case "ignore":
		return device.OnDrift(device.Ignore), "", nil
	case "error":
		return device.OnDrift(device.Error), "", nil
	}
	return nil, "", errors.New("there is no such answer to drift")
}

func parseSync(text string, _ *settings) (device.Option, string, error) {
	switch strings.ToLower(text) {
	case "group":
		return device.WithOutboxSync(device.SyncGroup), "", nil
	case "off":
		return device.WithOutboxSync(device.SyncOff), "", nil
	}
	return nil, "", errors.New("there is no such way to sync")
}

// parsePaths takes the first of several folders: the information has room for one.
func parsePaths(text string, _ *settings) (device.Option, string, error) {
	first, others, several := strings.Cut(text, ",")
	first = strings.TrimSpace(first)
	if first == "" {
		if several {
			return nil, "", errors.New("the first folder is empty")
		}
		return nil, "", nil
	}
	note := ""
	if several {
		note = fmt.Sprintf("only the first folder has an effect, not %s", strings.TrimSpace(others))
	}
	return device.WithDiagnosticsPath(first), note, nil
}
