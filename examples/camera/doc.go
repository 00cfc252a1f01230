// Camera is a motion-activated camera. When something moves it takes a picture,
// uploads it as a storage object and raises an alert with its URI, which the
// cloud gets once the picture is there. The cloud writes the URI of a new
// reference picture; the camera downloads it, beside its other work. Pictures lie
// in a folder beside the provisioning file.
//
// Inside `iotcs-emulator exec` the program plays the cloud too, which makes the
// first picture the reference:
//
//	IOTCS_PASSPHRASE=secret iotcs-emulator exec -- sh examples/camera/story.sh
//
// On its own it works with any server, like examples/sensor.
package main
