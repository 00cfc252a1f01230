package emulator

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/emulator/internal/authority"
	"github.com/iotcs-go/iotcs/emulator/internal/history"
)

// Option changes how a [Server] is made. Options that contradict each other count in their order; the last wins.
type Option func(*config) error

type config struct {
	dataDir       string
	keyCache      string
	authority     *authority.Authority
	user          string
	password      string
	hosts         []string
	logger        *slog.Logger
	limits        history.Limits
	tokenLife     time.Duration
	pollLimit     time.Duration
	storageLife   time.Duration
	storageQuota  int64
	checkRequests bool
	observer      func(Exchange)
	faults        []Fault
}

// Defaults of the options.
const (
	DefaultUser      = "iotcs"
	DefaultTokenLife = time.Hour        // docs/protocol/transport.md §4
	DefaultPollLimit = 20 * time.Second // docs/protocol/transport.md §8.2

	DefaultStorageTokenLife       = 45 * time.Minute // the official JavaScript client replaces its own after 30 (docs/protocol/storage.md §9)
	DefaultStorageQuota     int64 = 16 << 30         // bytes
)

func newConfig(opts []Option) (*config, error) {
	c := &config{
		user:          DefaultUser,
		password:      rand.Text(),
		logger:        slog.New(slog.DiscardHandler),
		tokenLife:     DefaultTokenLife,
		pollLimit:     DefaultPollLimit,
		storageLife:   DefaultStorageTokenLife,
		storageQuota:  DefaultStorageQuota,
		checkRequests: true,
	}
	for _, opt := range opts {
		if err := opt(c); err != nil {
			return nil, fmt.Errorf("emulator: %w", err)
		}
	}
	return c, nil
}

// WithDataDir keeps the state in the folder, which is made when missing: models, devices, tokens, messages and storage
// objects. [New] fails with
// [ErrInUse] when another emulator uses the folder. Without this option the state ends with the server.
func WithDataDir(dir string) Option {
	return func(c *config) error {
		if dir == "" {
			return errors.New("WithDataDir: no folder")
		}
		c.dataDir = dir
		return nil
	}
}

// WithKeyCache keeps the certificate authority in the folder, where other emulators find it. Without this option it is kept in the
// data folder, or made anew for every server when there is none, which takes a quarter of a second or so.
func WithKeyCache(dir string) Option {
	return func(c *config) error {
		if dir == "" {
			return errors.New("WithKeyCache: no folder")
		}
		c.keyCache = dir
		return nil
	}
}

// Authority is a certificate authority that several servers of one process may share: see [WithAuthority].
type Authority struct{ inner *authority.Authority }

// NewAuthority makes an authority with new keys, which takes a quarter of a second or so.
func NewAuthority() (*Authority, error) {
	inner, err := authority.New()
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	return &Authority{inner}, nil
}

// WithAuthority uses an authority that exists.
func WithAuthority(a *Authority) Option {
	return func(c *config) error {
		if a == nil {
			return errors.New("WithAuthority: no authority")
		}
		c.authority = a.inner
		return nil
	}
}

// WithUser sets the name and password for the calls of people. By default the user is [DefaultUser] with a random password, which
// [Server.Password] tells.
func WithUser(name, password string) Option {
	return func(c *config) error {
		if name == "" || password == "" || strings.Contains(name, ":") {
			return errors.New("WithUser: a name without a colon and a password are needed")
		}
		c.user, c.password = name, password
		return nil
	}
}

// WithHosts adds host names or IP addresses to those under which the server answers and for which its certificate is valid. localhost,
// 127.0.0.1 and ::1 always are among them.
func WithHosts(names ...string) Option {
	return func(c *config) error {
		for _, name := range names {
			if name == "" || strings.ContainsAny(name, "/ ") || strings.Contains(name, ":") && net.ParseIP(name) == nil {
				return fmt.Errorf("WithHosts: %q is neither a host name nor an IP address", name)
			}
		}
		c.hosts = append(c.hosts, names...)
		return nil
	}
}

// WithLogger writes the log there. Secrets, tokens and keys never stand in it. The default discards it.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return errors.New("WithLogger: no logger")
		}
		c.logger = logger
		return nil
	}
}

// WithHistory bounds the messages that are kept, by their number and by the memory that they take in bytes; the oldest go first. The
// defaults are 100,000 and 64 MiB.
func WithHistory(messages int, bytes int64) Option {
	return func(c *config) error {
		if messages < 1 || bytes < 1 {
			return errors.New("WithHistory: both limits must be at least 1")
		}
		c.limits = history.Limits{Messages: messages, Bytes: bytes}
		return nil
	}
}

// WithTokenLife sets how long an access token is good for: 1 second to 24 days. A minute of grace is added to what devices are told.
func WithTokenLife(life time.Duration) Option {
	return func(c *config) error {
		if life < time.Second || life > 24*24*time.Hour { // in ms it must fit the 32 bits of the Java client
			return fmt.Errorf("WithTokenLife: %v is not between 1 s and 24 days", life)
		}
		c.tokenLife = life
		return nil
	}
}

// WithStorageTokenLife sets how long a token of the object store is good for: 1 second to 24 days.
func WithStorageTokenLife(life time.Duration) Option {
	return func(c *config) error {
		if life < time.Second || life > 24*24*time.Hour {
			return fmt.Errorf("WithStorageTokenLife: %v is not between 1 s and 24 days", life)
		}
		c.storageLife = life
		return nil
	}
}

// WithStorageQuota bounds what the content of all storage objects takes on the disk, in bytes. An upload that exceeds it is refused with
// 413 Request Entity Too Large.
func WithStorageQuota(bytes int64) Option {
	return func(c *config) error {
		if bytes < 1 {
			return errors.New("WithStorageQuota: the limit must be at least 1")
		}
		c.storageQuota = bytes
		return nil
	}
}

// WithPollLimit sets how long a long poll is held at most: 1 ms to 10 minutes.
func WithPollLimit(limit time.Duration) Option {
	return func(c *config) error {
		if limit < time.Millisecond || limit > 10*time.Minute {
			return fmt.Errorf("WithPollLimit: %v is not between 1 ms and 10 minutes", limit)
		}
		c.pollLimit = limit
		return nil
	}
}

// WithoutRequestChecks forwards writes and calls to devices as they come, in order to test the device's own checks. By default the
// server refuses what does not fit the device model.
func WithoutRequestChecks() Option {
	return func(c *config) error {
		c.checkRequests = false
		return nil
	}
}

// WithObserver calls observe at the end of every exchange, from several goroutines at once. It must not block.
func WithObserver(observe func(Exchange)) Option {
	return func(c *config) error {
		c.observer = observe
		return nil
	}
}
