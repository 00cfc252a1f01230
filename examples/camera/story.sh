#!/bin/sh
# Runs inside `iotcs-emulator exec`, from the root of the repository.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go run ./cmd/iotcs-emulator model add models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Amotion_activated_camera.json >/dev/null
go run ./cmd/iotcs-emulator device add --id CAMERA-1 --conf "$work/camera.conf" >/dev/null
go run ./examples/camera --conf "$work/camera.conf" --count 1
