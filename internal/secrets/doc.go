// Package secrets is how the commands read passphrases, passwords and
// certificates, so that none of them ever has to stand on a command line: from a
// file, from the environment, or from a terminal that does not show what is typed.
package secrets
