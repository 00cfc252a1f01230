// Command iotcs-emulator is a local server that speaks the protocol of the Oracle IoT Cloud Service, for devices under development and
// for tests.
//
//	iotcs-emulator serve [flags]                           serve until interrupted
//	iotcs-emulator model add [flags] PATH...               add device models
//	iotcs-emulator device add [flags]                      register a device and write its provisioning file
//	iotcs-emulator exec [flags] -- COMMAND [ARGUMENT...]   serve while a command runs
//
// serve prints one line of JSON when it is ready and keeps the same in a file, where the other commands find it. Exit codes: 0 fine,
// 1 the answer is no (a model or device was refused, or a violation under exec --strict), 2 wrong use, or it could not be done. exec
// passes the exit code of its command on.
package main
