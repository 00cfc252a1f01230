// Package interop is the gate of tests that need something beside Go: the
// official JavaScript client on node, a browser. On a machine without these
// tools the other tests must still run, and in continuous integration none of
// them may be left out unnoticed. So a test asks here first: it runs only with
// IOTCS_INTEROP=1, is skipped with a reason otherwise, and fails when
// IOTCS_INTEROP=1 and a tool is missing. The command skipcheck in the folder
// below makes every other skip a failure too. Only what a test needs of the user
// it runs as cannot be installed: RequireRoot and RequireUnprivileged are for
// that.
package interop
