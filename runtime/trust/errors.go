package trust

import (
	"errors"
	"strings"
)

// What can be wrong with a provisioning file or its use. Every error of this
// package wraps one of these, an error of the file system (fs.ErrNotExist,
// fs.ErrExist, fs.ErrPermission, a syscall.Errno), os.ErrClosed, or the error of
// a context. No two of them are true of one error, unless said otherwise.
var (
	// ErrNoPassphrase: the passphrase is empty. Nothing was read or written.
	ErrNoPassphrase = errors.New("empty passphrase")

	// ErrPassphrase: the content does not decrypt to anything sensible. The format
	// has no checksum, so a damaged file cannot be told from a wrong passphrase
	// (docs/protocol/provisioning.md §3).
	ErrPassphrase = errors.New("wrong passphrase or damaged file")

	// ErrCorrupt: the file is damaged beyond doubt: the ciphertext has an
	// impossible length, or the passphrase was right and what it decrypts is not
	// complete.
	ErrCorrupt = errors.New("corrupt provisioning file")

	// ErrVersion: the first byte names a version other than 33.
	ErrVersion = errors.New("unsupported version of the provisioning format")

	// ErrLegacyFormat: a Java key store or the JSON store of the JavaScript client.
	ErrLegacyFormat = errors.New("legacy trusted-assets format")

	// ErrNotProvisioning: an empty file, a folder, a device, or a first byte that
	// no version of the format can have.
	ErrNotProvisioning = errors.New("not a provisioning file")

	// ErrTooLarge: more than [MaxSize] bytes, to be read or to be written.
	ErrTooLarge = errors.New("provisioning file is too large")

	// ErrScheme: the scheme of the server URI is neither https nor mqtts.
	ErrScheme = errors.New("unsupported server scheme")

	// ErrConfig: a [Config] or a [MemoryConfig] that makes no sense; the error is
	// a *[ConfigError]. Its scheme may be the reason: then it wraps ErrScheme too.
	ErrConfig = errors.New("invalid provisioning data")

	// ErrNoSecret: no shared secret is provisioned for that hardware id.
	ErrNoSecret = errors.New("shared secret not provisioned")

	// ErrNoKey: there is no private key: the device is not activated, or it is an
	// enterprise integration, which never has one.
	ErrNoKey = errors.New("no private key")

	// ErrActivated: there is an endpoint id already.
	ErrActivated = errors.New("already activated")

	// ErrEnterprise: an enterprise integration has no activation to reset.
	ErrEnterprise = errors.New("enterprise integration")

	// ErrLocked: another process, or another File of this one, is activating,
	// completing or resetting the same file.
	ErrLocked = errors.New("provisioning file is in use")

	// ErrReadOnly: the file cannot be replaced where it is; the text says why and
	// what to do.
	ErrReadOnly = errors.New("provisioning file cannot be replaced")

	// ErrChanged: the file on disk is no longer that of the device it was opened for.
	ErrChanged = errors.New("provisioning file has been replaced by another")

	// ErrPendingKey: a key of an earlier attempt lies beside the file and can be
	// neither used nor overwritten.
	ErrPendingKey = errors.New("key of an earlier activation attempt is in the way")

	// ErrNoPending: there is no key of an earlier attempt to complete.
	ErrNoPending = errors.New("no pending activation")

	// ErrKeySize: a key size outside [MinKeyBits]…[MaxKeyBits] was asked for.
	ErrKeySize = errors.New("unacceptable key size")

	// ErrEndpointID: an endpoint id that cannot be stored.
	ErrEndpointID = errors.New("unacceptable endpoint id")

	// ErrWiped: the File was wiped.
	ErrWiped = errors.New("credentials have been wiped")
)

// A FileError says which file is wrong, how, and what to do about it.
type FileError struct {
	Op     string // "open", "create", "activate", "complete", "reset"
	Path   string // as given by the caller; "" for data in memory
	Err    error  // wraps one of the package's errors or one of the file system
	Remedy string // what to do; "" when there is nothing to say
}

// Error returns "op path: what is wrong (what to do)", without secrets.
func (e *FileError) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Path != "" {
		b.WriteString(" " + e.Path)
	}
	b.WriteString(": " + e.Err.Error())
	if e.Remedy != "" {
		b.WriteString(" (" + e.Remedy + ")")
	}
	return b.String()
}

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

// A ConfigError names the field of a [Config] that makes no sense. It wraps
// [ErrConfig].
type ConfigError struct {
	Field  string // for example "ClientID" or "ConnectedDevices[1].Secret"
	Reason string // never holds a secret
	Err    error  // a more special error, such as ErrScheme; may be nil
}

// Error returns "invalid provisioning data: field: reason".
func (e *ConfigError) Error() string {
	return ErrConfig.Error() + ": " + e.Field + ": " + e.Reason
}

// Unwrap returns ErrConfig and, when there is one, the more special error.
func (e *ConfigError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrConfig}
	}
	return []error{ErrConfig, e.Err}
}

// remedied is an error that knows its remedy; FileError shows it once, at the end.
type remedied struct {
	err    error
	remedy string
}

func (e *remedied) Error() string { return e.err.Error() + " (" + e.remedy + ")" }
func (e *remedied) Unwrap() error { return e.err }

// fileError wraps err for op on path, lifting out its remedy.
func fileError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	if r, ok := err.(*remedied); ok {
		return &FileError{Op: op, Path: path, Err: r.err, Remedy: r.remedy}
	}
	return &FileError{Op: op, Path: path, Err: err}
}
