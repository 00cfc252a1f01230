// Command iotcs-provision makes, lists and checks provisioning files, and finishes
// an activation that could not be stored.
//
//	iotcs-provision create --secret-file F --conf FILE [--anchor PEM] [--icd ID=SECRETFILE]... [--enterprise] URI ID
//	iotcs-provision list [--passphrase-file P] FILE
//	iotcs-provision verify [--passphrase-file P] FILE
//	iotcs-provision complete --endpoint ID FILE
//
// The passphrase of the file comes from --passphrase-file, from the environment
// variable IOTCS_PASSPHRASE, or from a prompt on a terminal. Secrets come from
// files: nothing secret ever stands on a command line.
//
// Exit status 0 is success; 1 is the answer "no" of verify: the file is not usable
// with this passphrase; 2 is wrong use, or input that cannot be read, or a file
// that cannot be written. Errors and notes go to standard error, one a line.
package main
