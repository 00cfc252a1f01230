package trust

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzContent feeds the parser of what was decrypted: a file that was damaged, or
// made by somebody who knows the passphrase.
func FuzzContent(f *testing.F) {
	for _, v := range loadVectors(f).Valid {
		blob, _, err := splitFile(vectorFile(f, v.File))
		if err != nil {
			f.Fatal(err)
		}
		plain, err := decrypt(blob, v.form())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain)
		f.Add(plain[:len(plain)/2])
	}
	f.Add(plaintext(1, testURI, 2, "D", 8, string(plaintext(99, "x", 3, "s", 2, "I")), 200, "x"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		given := bytes.Clone(plain)
		c, err := parseContent(plain)
		if !bytes.Equal(given, plain) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			kinds := 0
			for _, kind := range []error{ErrPassphrase, ErrCorrupt, ErrScheme} {
				if errors.Is(err, kind) {
					kinds++
				}
			}
			if c != nil || kinds != 1 {
				t.Fatalf("values %v with error %v of %d kinds", c, err, kinds)
			}
			return
		}
		clear(plain)
		again, err := parseContent(c.appendTLVs(nil))
		if err != nil {
			t.Fatalf("what was written of it does not parse: %v", err)
		}
		if !bytes.Equal(again.appendTLVs(nil), c.appendTLVs(nil)) {
			t.Fatal("writing twice gives two texts")
		}
		if c.clientID == "" || c.server.port < 1 || c.server.port > 65535 || c.server.host == "" {
			t.Fatalf("accepted: client %q, server %+v", c.clientID, c.server)
		}
	})
}

// FuzzSplitFile feeds the layout of the file, without the slow key derivation.
func FuzzSplitFile(f *testing.F) {
	seedFiles(f, func(data []byte) { f.Add(data) })
	f.Add([]byte("!AQID\n# bay 4\n\x00#"))
	f.Fuzz(func(t *testing.T, data []byte) {
		blob, comments, err := splitFile(data)
		if err != nil {
			return
		}
		joined, err := joinFile(blob, "https://h:443", "D", comments)
		if err != nil {
			if errors.Is(err, ErrTooLarge) {
				return
			}
			t.Fatal(err)
		}
		blobAgain, commentsAgain, err := splitFile(joined)
		if err != nil || !bytes.Equal(blob, blobAgain) {
			t.Fatalf("what was written of it differs: %v", err)
		}
		equal(t, "comments", commentsAgain, comments)
	})
}

// FuzzRead feeds whole files.
func FuzzRead(f *testing.F) {
	seedFiles(f, func(data []byte) { f.Add(data, testPassphrase) })
	f.Add(vectorFile(f, "java-utf8.conf"), "pässwörd-Δ€")
	f.Add(vectorFile(f, "hand-latin1-passphrase.conf"), "pässwörd")
	f.Fuzz(func(t *testing.T, data []byte, passphrase string) {
		file, err := Read(data, []byte(passphrase))
		if (file == nil) != (err != nil) {
			t.Fatalf("file %v, error %v", file, err)
		}
		if err != nil {
			return
		}
		again, err := file.content.encode(file.passphrase.bytes, newIV())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(again, []byte(passphrase)); err != nil {
			t.Fatalf("what was written of it is not read: %v", err)
		}
	})
}

// FuzzNewServer feeds what operators type as URIs.
func FuzzNewServer(f *testing.F) {
	for _, uri := range []string{"iot.example.com", "https://[::1]:8443", "mqtts://192.0.2.1", "https://u:p@h", "https://h/x?y#z"} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		s, err := newServer(uri)
		if err != nil {
			return
		}
		again, err := readServer(s.String())
		if err != nil || again != s || !looksLikeURI(s.String()) {
			t.Fatalf("%q gives %s, which reads as %+v, %v", uri, s, again, err)
		}
	})
}

func seedFiles(f *testing.F, add func([]byte)) {
	entries, err := os.ReadDir(vectorFolder)
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".conf", ".jks":
			add(vectorFile(f, e.Name()))
		}
	}
}
