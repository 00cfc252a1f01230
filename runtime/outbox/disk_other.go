//go:build !unix && !windows

package outbox

import "os"

func rename(from, to string) error { return os.Rename(from, to) }

func syncFolder(string) error { return nil }

func isFull(error) bool { return false }
