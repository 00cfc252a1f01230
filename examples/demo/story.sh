#!/bin/sh
# The whole story of this project against the local server, as `make demo` tells
# it. Runs inside `iotcs-emulator exec`, which says by environment variables where
# the server is; $1 is the folder with the programs.
set -eu
bin=$1
model=models/dm-urn%3Acom%3Aexample%3Aiot%3Adevice%3Ahumidity_sensor.json
urn=urn:com:example:iot:device:humidity_sensor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "1. A server without a cloud account: the emulator, which learns a device model and a device."
"$bin/iotcs-emulator" model add "$model" | sed 's/^/   /'
"$bin/iotcs-emulator" device add --id SENSOR-1 --conf "$work/sensor.conf" | sed 's/ as endpoint.*//; s/^/   /'

echo "2. The model is fetched from the server and becomes a typed Go package."
"$bin/iotcs-gen" fetch --server "$IOTCS_URL" --ca "$IOTCS_CA" --user "$IOTCS_USER" --password-file "$IOTCS_PASSWORD_FILE" \
	--urn "$urn" --models "$work/models" | sed 's/^/   /'
"$bin/iotcs-gen" check --models "$work/models" --urn "$urn" | sed 's/^/   /; s/: up to date.*/: what the server has is what this program was built from/'

"$bin/demo" --conf "$work/sensor.conf"
