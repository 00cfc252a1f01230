//go:build !unix

package devicemodel

// syncDir does nothing: the system makes renames durable itself and cannot synchronise folders.
func syncDir(string) error { return nil }
