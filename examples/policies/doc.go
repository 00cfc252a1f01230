// Policies is a pump whose readings go through a device policy: glitches of the
// flow meter are filtered out and the rest averaged over a second, the hydraulic
// power is computed from flow and head, and running dry raises an alert. The
// program plays both sides: it gives the policy to the server, offers readings,
// and prints what was offered and what was sent.
//
//	IOTCS_PASSPHRASE=secret iotcs-emulator exec -- sh examples/policies/story.sh
package main
