// Command iotcs-gen turns device models into typed Go packages.
//
//	iotcs-gen init                                  write iotcs-gen.yaml
//	iotcs-gen generate [flags] [PATH...]            models to packages
//	iotcs-gen check    [flags] [PATH...]            read-only: is everything generated up to date?
//	iotcs-gen lint     [flags] [PATH...]            what is wrong with the models
//	iotcs-gen explain  RULE                         what a rule means
//
// Exit codes: 0 fine, 1 the answer is no (stale, findings), 2 wrong use, unreadable input, or it could not be found out. Errors go to
// standard error, one a line, as file:line:col: text (RULE). Flags stand before arguments.
package main
