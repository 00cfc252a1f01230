// Package conformance holds messages and requests against device models: what a device sent that its models do not allow ([Message]),
// and whether what the cloud side asks of a device fits ([Write], [Update], [Call]).
//
// The platform takes a message that breaks its model, so a violation is a remark, not a refusal. A request that does not fit is refused
// before a device sees it.
package conformance
