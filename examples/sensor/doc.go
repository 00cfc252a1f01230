// Sensor is a humidity sensor that runs until it is interrupted, against any
// server: the emulator of this project or the cloud service. All it needs is a
// provisioning file and its passphrase; the first start activates the device.
//
//	iotcs-emulator serve                                          # one terminal
//	iotcs-emulator model add models/*humidity_sensor.json         # another
//	IOTCS_PASSPHRASE=secret iotcs-emulator device add --id SENSOR-1 --conf sensor.conf
//	IOTCS_PASSPHRASE=secret go run ./examples/sensor --conf sensor.conf --outbox outbox
//
// With --outbox readings wait in a folder until the server has them, and survive the
// program.
package main
