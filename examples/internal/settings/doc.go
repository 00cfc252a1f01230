// Package settings reads what the example programs are told: which provisioning
// file to open, with which passphrase, and how often to measure.
package settings
