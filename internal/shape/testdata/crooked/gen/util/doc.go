// Package util is too long for anything.
package util
