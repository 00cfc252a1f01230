//go:build !linux

package outbox_test

import "errors"

func fillLimited(string) error { return errors.ErrUnsupported }
