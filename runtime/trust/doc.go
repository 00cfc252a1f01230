// Package trust keeps a device's credentials: it reads and writes provisioning
// files in the unified format of the IoT Cloud Service, signs with the shared
// secret and the private key in them, and carries a device through activation
// without ever having the only copy of its key in memory.
//
// [Open] reads a file, [Create] and [Encode] make one, [Assets] is what the rest
// of the runtime needs of it. [Memory] is the Assets of those whose key lies
// elsewhere, in a TPM or an HSM, and of tests.
//
// # Activation cannot lose a device
//
// Once the server has accepted an activation it refuses the shared secret; a
// device whose new private key is lost then has to be registered anew. So
// [File.BeginActivation] proves that the file can be replaced before anything is
// sent, GenerateKey has the key on disk before it hands it out, and Complete
// replaces the file by rename, flushing file and folder. At every moment, a power
// failure included, the file is either the complete old one or the complete new
// one, and a key that the server may know lies in it or beside it in
// "<file>.pending", encrypted with the same passphrase. [CompletePending]
// finishes what was cut off.
//
// # What lies beside the file
//
// "<file>.pending" exists from GenerateKey until Complete. ".<file>.iotcs-new"
// exists while a file is being written; a crash may leave it behind, the next
// write clears it away. A symbolic link is followed first: all of them lie beside
// its target, so the folder of the target must be writable.
//
// # Locks
//
// One process at a time activates, completes or resets a file. On Unix the lock
// is flock(2) on the provisioning file itself, taken again when the file turns
// out to have been replaced meanwhile, so there is no lock file to leave behind.
// On Windows, where an open file cannot be replaced, it is a file "<file>.lock"
// opened for exclusive use, which the system deletes with its handle, whatever
// becomes of the process. The lock is advisory: it does not keep other programs
// from writing the file.
//
// # Secrets
//
// No formatting verb, log handler or error text of this package shows a secret, a
// passphrase or a key. [Wipe] and [File.Wipe] overwrite what can be overwritten;
// the standard library makes copies of its own that cannot be reached.
package trust
