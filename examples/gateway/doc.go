// Gateway is a gateway with fifty sensors of two models behind it, all over one
// connection. It runs until it is interrupted, against any server:
//
//	iotcs-emulator serve                                          # one terminal
//	iotcs-emulator model add models/                              # another
//	IOTCS_PASSPHRASE=secret iotcs-emulator device add --gateway --id GATEWAY-1 --conf gateway.conf
//	IOTCS_PASSPHRASE=secret go run ./examples/gateway --conf gateway.conf --outbox outbox
package main
