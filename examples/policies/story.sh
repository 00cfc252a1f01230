#!/bin/sh
# Runs inside `iotcs-emulator exec`, from the root of the repository.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go run ./cmd/iotcs-emulator model add models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Apump.json >/dev/null
go run ./cmd/iotcs-emulator device add --id PUMP-1 --conf "$work/pump.conf" >/dev/null
go run ./examples/policies --conf "$work/pump.conf"
