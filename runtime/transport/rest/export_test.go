package rest

// ActivationBytes lets tests check signatures of official clients with the bytes
// that this client signs.
var ActivationBytes = activationBytes

// Parsers of outside bytes, for fuzzing.
var (
	ParseToken      = parseToken
	ParseActivation = parseActivation
	ParsePolicy     = parsePolicy
	RetryAfter      = retryAfter
	Detail          = detail
	EscapeURN       = escapeURN
	Released        = released
)
