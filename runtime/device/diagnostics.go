package device

import (
	"log/slog"
	"net"
	"runtime/debug"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/runtime/wire"
)

// unknown stands for what could not be found out.
const unknown = "Unknown"

// diagnosticsConfig is what the program sets; what is empty is found out
// (docs/protocol/dispatch.md §10.4).
type diagnosticsConfig struct {
	version, ip, mac, path string
}

// WithClientVersion sets the version that the device tells about its program.
// Without it that of the main module is told.
func WithClientVersion(version string) Option {
	return func(c *config) error {
		c.diagnostics.version = version
		return nil
	}
}

// WithDiagnosticsAddress sets the network addresses that the device tells about
// itself; what is empty is found out: the first global address of a network
// interface, and the hardware address of that interface.
func WithDiagnosticsAddress(ip, mac string) Option {
	return func(c *config) error {
		c.diagnostics.ip, c.diagnostics.mac = ip, mac
		return nil
	}
}

// WithDiagnosticsPath sets the folder whose file system's sizes the device
// tells. Without it that is the working directory.
func WithDiagnosticsPath(folder string) Option {
	return func(c *config) error {
		c.diagnostics.path = folder
		return nil
	}
}

// diagnostics serves diagnostics/info.
type diagnostics struct {
	set     diagnosticsConfig
	started time.Time // by the server's clock
}

func (d *diagnostics) info(log *slog.Logger) *wire.Response {
	version, ip, mac := d.set.version, d.set.ip, d.set.mac
	if version == "" {
		version = programVersion()
	}
	if ip == "" || mac == "" {
		foundIP, foundMAC := address()
		if ip == "" {
			ip = foundIP
		}
		if mac == "" {
			mac = foundMAC
		}
	}
	folder := d.set.path
	if folder == "" {
		folder = "."
	}
	free, total := diskSpace(folder)
	if free < 0 || total < 0 {
		log.Warn("the size of the disk cannot be found out", "folder", folder)
	}
	return answerJSON(struct {
		Free      int64  `json:"freeDiskSpace"` // bytes, -1 if not known
		IPAddress string `json:"ipAddress"`
		MAC       string `json:"macAddress"`
		Started   int64  `json:"startTime"`
		Total     int64  `json:"totalDiskSpace"`
		Version   string `json:"version"`
	}{free, ip, mac, d.started.UnixMilli(), total, version})
}

func programVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return unknown
	}
	return info.Main.Version
}

// candidate is an address that the device may be reached at.
type candidate struct {
	ip   net.IP
	mac  string
	rank int
}

// address finds the device's address: a global IPv4 one, else a global IPv6 one,
// else a link-local one, of an interface that is up and no loop-back.
func address() (ip, mac string) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return unknown, unknown
	}
	best := candidate{rank: -1}
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); ok && rank(n.IP) > best.rank {
				best = candidate{n.IP, hardwareAddress(i), rank(n.IP)}
			}
		}
	}
	if best.rank < 0 {
		return unknown, unknown
	}
	return best.ip.String(), best.mac
}

func rank(ip net.IP) int {
	switch v4 := ip.To4() != nil; {
	case ip.IsLoopback():
		return -1
	case ip.IsLinkLocalUnicast() && !v4:
		return 0
	case ip.IsLinkLocalUnicast():
		return 1
	case !v4:
		return 2
	}
	return 3
}

// hardwareAddress is written with dashes and in upper case, as Java does.
func hardwareAddress(i net.Interface) string {
	if len(i.HardwareAddr) == 0 {
		return unknown
	}
	return strings.ToUpper(strings.ReplaceAll(i.HardwareAddr.String(), ":", "-"))
}
