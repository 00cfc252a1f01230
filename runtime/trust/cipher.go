package trust

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"fmt"
	"slices"
	"unicode/utf8"
)

// PBKDF2-HMAC-SHA1 and AES-128-CBC: what the format prescribes
// (docs/protocol/provisioning.md §1.2).
const (
	iterations = 10000
	keyLength  = 16
)

// deriveKey turns the bytes of a passphrase into the key of one file; the salt is
// the file's IV. It takes 10000 rounds on purpose: milliseconds on a server, a
// good part of a second on a small device.
func deriveKey(passphrase, salt []byte) ([]byte, error) {
	key, err := pbkdf2.Key(sha1.New, string(passphrase), salt, iterations, keyLength)
	if err != nil {
		return nil, fmt.Errorf("deriving the key of the file: %w", err)
	}
	return key, nil
}

// passphraseForms returns the byte forms to try, best first: the bytes as given,
// then, for text that has one, its Latin-1 form, which the JavaScript client uses.
// The forms are copies.
func passphraseForms(passphrase []byte) [][]byte {
	forms := [][]byte{slices.Clone(passphrase)}
	if latin1, ok := toLatin1(passphrase); ok && len(latin1) != len(passphrase) {
		forms = append(forms, latin1)
	}
	return forms
}

func toLatin1(text []byte) ([]byte, bool) {
	latin1 := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r > 0xff || r == utf8.RuneError {
			Wipe(latin1)
			return nil, false
		}
		latin1 = append(latin1, byte(r))
		text = text[size:]
	}
	return latin1, true
}

// checkBlob: an IV and at least one whole block.
func checkBlob(blob []byte) error {
	if len(blob) < 2*aes.BlockSize || len(blob)%aes.BlockSize != 0 {
		return fmt.Errorf("%w: the ciphertext is cut off", ErrCorrupt)
	}
	return nil
}

// decrypt returns the plaintext of a blob that checkBlob accepts. Wrong padding is
// ErrPassphrase; right padding happens by chance once in 256 times.
func decrypt(blob, passphrase []byte) ([]byte, error) {
	iv, ciphertext := blob[:aes.BlockSize], blob[aes.BlockSize:]
	block, err := blockCipher(passphrase, iv)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, ciphertext)
	n := int(plain[len(plain)-1])
	if n < 1 || n > aes.BlockSize {
		Wipe(plain)
		return nil, ErrPassphrase
	}
	for _, c := range plain[len(plain)-n:] {
		if int(c) != n {
			Wipe(plain)
			return nil, ErrPassphrase
		}
	}
	return plain[:len(plain)-n], nil
}

// encrypt makes a blob with the given IV, which is the salt too.
func encrypt(plain, passphrase, iv []byte) ([]byte, error) {
	block, err := blockCipher(passphrase, iv)
	if err != nil {
		return nil, err
	}
	n := aes.BlockSize - len(plain)%aes.BlockSize
	blob := make([]byte, 0, len(iv)+len(plain)+n)
	blob = append(append(blob, iv...), plain...)
	for range n {
		blob = append(blob, byte(n))
	}
	padded := blob[len(iv):]
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	return blob, nil
}

func blockCipher(passphrase, iv []byte) (cipher.Block, error) {
	key, err := deriveKey(passphrase, iv)
	if err != nil {
		return nil, err
	}
	defer Wipe(key)
	return aes.NewCipher(key)
}

// newIV returns a fresh IV, and so a fresh key, for one write.
func newIV() []byte {
	iv := make([]byte, aes.BlockSize)
	rand.Read(iv) // never fails
	return iv
}
