package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/iotcs-go/iotcs/generated/humiditysensor"
	"github.com/iotcs-go/iotcs/internal/interop"
)

// peerScript is the official client's part.
//
//go:embed peer.js
var peerScript []byte

// peerInterval is how often the official client sends: the interval at which it
// got most messages through, of 10, 20, 50 and 100 ms. It makes a connection for
// every call, whether there is something to send or not.
const peerInterval = 20 * time.Millisecond

type peerSettings struct {
	File, Passphrase, URN string
	Messages              int
	Interval              int64 // ms
}

// peerCommand is node with the official client, in a folder of its own: the client
// keeps a database in the working directory.
func peerCommand(ctx context.Context, folder, file string, messages int) (*exec.Cmd, error) {
	node, err := interop.Node.Find()
	if err != nil {
		return nil, err
	}
	modules, err := interop.OfficialClient.Find()
	if err != nil {
		return nil, err
	}
	script := filepath.Join(folder, "peer.js")
	if err := os.WriteFile(script, peerScript, 0o600); err != nil {
		return nil, err
	}
	told, err := json.Marshal(peerSettings{file, passphrase, humiditysensor.URN, messages, peerInterval.Milliseconds()})
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, node, script, string(told))
	command.Dir = folder
	command.Env = append(command.Environ(), "NODE_PATH="+modules)
	return command, nil
}
