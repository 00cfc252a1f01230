package trust

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"strings"
	"testing"
)

func TestPassphraseForms(t *testing.T) {
	tests := []struct {
		name, passphrase string
		want             []string
	}{
		{"ASCII", "Passphrase 1", []string{"Passphrase 1"}},
		{"Latin-1", "pässwörd", []string{"pässwörd", "p\xe4ssw\xf6rd"}},
		{"last of Latin-1", "ÿ", []string{"ÿ", "\xff"}},
		{"one beyond Latin-1", "Ā", []string{"Ā"}},
		{"mixed", "pä€", []string{"pä€"}},
		{"bytes that are no UTF-8 stay", "p\xe4ss", []string{"p\xe4ss"}},
		{"replacement character", "\ufffd", []string{"\ufffd"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			given := []byte(test.passphrase)
			var got []string
			for _, form := range passphraseForms(given) {
				got = append(got, string(form))
				Wipe(form)
			}
			equal(t, "forms", got, test.want)
			equal(t, "passphrase", string(given), test.passphrase)
		})
	}
}

func TestEncryptDecrypt(t *testing.T) {
	for n := range 34 {
		plain := bytes.Repeat([]byte{7}, n)
		blob, err := encrypt(plain, []byte("p"), newIV())
		if err != nil {
			t.Fatal(err)
		}
		if err := checkBlob(blob); err != nil || len(blob) != 16+(n/16+1)*16 {
			t.Fatalf("%d bytes give a blob of %d, %v", n, len(blob), err)
		}
		got, err := decrypt(blob, []byte("p"))
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes: %v, %v", n, got, err)
		}
	}
}

func TestCheckBlob(t *testing.T) {
	for n, good := range map[int]bool{0: false, 1: false, 16: false, 17: false, 31: false, 32: true, 33: false, 48: true} {
		if err := checkBlob(make([]byte, n)); (err == nil) != good || err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestDecryptPadding: every padding byte counts, 1…16.
func TestDecryptPadding(t *testing.T) {
	passphrase, iv := []byte("p"), newIV()
	for _, test := range []struct {
		name string
		tail string
		good bool
	}{
		{"1", "\x01", true},
		{"2", "\x02\x02", true},
		{"16", strings.Repeat("\x10", 16), true},
		{"0", "\x00", false},
		{"17", "\x11", false},
		{"255", "\xff", false},
		{"2 with a wrong first byte", "\x03\x02", false},
		{"16 with a wrong first byte", "\x0f" + strings.Repeat("\x10", 15), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			block, err := blockCipher(passphrase, iv)
			if err != nil {
				t.Fatal(err)
			}
			blob := append(bytes.Clone(iv), strings.Repeat("x", 32-len(test.tail))+test.tail...)
			cipher.NewCBCEncrypter(block, iv).CryptBlocks(blob[aes.BlockSize:], blob[aes.BlockSize:])
			plain, err := decrypt(blob, passphrase)
			if (err == nil) != test.good || err != nil && !errors.Is(err, ErrPassphrase) {
				t.Errorf("error %v", err)
			}
			if test.good && len(plain) != 32-len(test.tail) {
				t.Errorf("%d bytes left", len(plain))
			}
		})
	}
}
