package trust

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// vectorFolder holds files of the official clients and what an independent decoder
// found in them.
const vectorFolder = "../../testdata/provisioning"

type vectors struct {
	Valid   []validVector
	Invalid []invalidVector
}

type validVector struct {
	File               string
	MadeBy             string
	Passphrase         string
	PassphraseEncoding string // "" means UTF-8
	FileSHA256         string `json:"fileSha256"`
	SaltAndIVHex       string `json:"saltAndIvHex"`
	DerivedKeyHex      string
	PlaintextLength    int
	TLVOrder           []int `json:"tlvOrder"`
	CommentLines       []string
	Values             vectorValues
	HMAC               string `json:"hmacSha256OfClientIdHex"`
	RSA                string `json:"sha256WithRsaOfHelloBase64"`
}

type vectorValues struct {
	ServerURI          string `json:"serverUri"`
	Scheme, Host       string
	Port               int
	ClientID           string `json:"clientId"`
	SharedSecret       string
	EndpointID         string   `json:"endpointId"`
	TrustAnchorsSHA256 []string `json:"trustAnchorsSha256"`
	PrivateKeyPKCS8    string   `json:"privateKeyPkcs8Base64"`
	PublicKeySPKI      string   `json:"publicKeySpkiBase64"`
	ConnectedDevices   []vectorDevice
}

type vectorDevice struct {
	ActivationID, SharedSecret string
	Signature                  string `json:"indirectActivationSignatureBase64"`
}

type invalidVector struct{ File, Passphrase, Expect, Note string }

func loadVectors(t testing.TB) vectors {
	t.Helper()
	var v vectors
	if err := json.Unmarshal(vectorFile(t, "vectors.json"), &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Valid) != 24 || len(v.Invalid) != 8 {
		t.Fatalf("%d valid and %d invalid vectors, want 24 and 8", len(v.Valid), len(v.Invalid))
	}
	for i := range v.Valid {
		if values := &v.Valid[i].Values; values.Port == 0 { // null: the URI has none
			values.Port = map[string]int{"https": 443, "mqtts": 8883}[values.Scheme]
		}
	}
	return v
}

func vectorFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectorFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// form returns the bytes of the passphrase that the file was encrypted with.
func (v validVector) form() []byte {
	if v.PassphraseEncoding == "latin-1" {
		latin1, _ := toLatin1([]byte(v.Passphrase))
		return latin1
	}
	return []byte(v.Passphrase)
}

func TestVectorsDecode(t *testing.T) {
	for _, v := range loadVectors(t).Valid {
		t.Run(v.File, func(t *testing.T) {
			data := vectorFile(t, v.File)
			if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != v.FileSHA256 {
				t.Fatal("the vector file has been changed: is a line-end conversion at work?")
			}
			blob, _, err := splitFile(data)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "salt", hex.EncodeToString(blob[:16]), v.SaltAndIVHex)
			key, err := deriveKey(v.form(), blob[:16])
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "key", hex.EncodeToString(key), v.DerivedKeyHex)

			plain, err := decrypt(blob, v.form())
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "length", len(plain), v.PlaintextLength)
			all, err := parseTLVs(plain)
			if err != nil {
				t.Fatal(err)
			}
			var order []int
			for _, x := range all {
				order = append(order, int(x.tag))
			}
			equal(t, "order of tags", order, v.TLVOrder)
			comments := ""
			if i := bytes.IndexByte(data, '#'); i >= 0 {
				comments = strings.Trim(string(data[i:]), "\x00")
			}
			equal(t, "comments", strings.Split(comments, "\n"), v.CommentLines)
		})
	}
}

func TestVectorsOpen(t *testing.T) {
	for _, v := range loadVectors(t).Valid {
		t.Run(v.File, func(t *testing.T) {
			f, err := Open(filepath.Join(vectorFolder, v.File), []byte(v.Passphrase))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "values", valuesOf(t, f), v.Values)
			checkSignatures(t, f, v)
		})
	}
}

// valuesOf reads everything that f knows, the secrets too.
func valuesOf(t *testing.T, f *File) vectorValues {
	t.Helper()
	c := f.content
	values := vectorValues{
		ServerURI: c.uri, Scheme: f.Scheme(), Host: f.Host(), Port: f.Port(), ClientID: f.ClientID(),
		SharedSecret: string(c.secret), EndpointID: f.EndpointID(),
		TrustAnchorsSHA256: []string{}, ConnectedDevices: []vectorDevice{},
	}
	for _, anchor := range f.TrustAnchors() {
		sum := sha256.Sum256(anchor.Raw)
		values.TrustAnchorsSHA256 = append(values.TrustAnchorsSHA256, hex.EncodeToString(sum[:]))
	}
	if c.key != nil {
		values.PrivateKeyPKCS8 = base64.StdEncoding.EncodeToString(c.key.privateDER)
		values.PublicKeySPKI = base64.StdEncoding.EncodeToString(c.key.publicDER)
	}
	for i, id := range f.ConnectedDevices() {
		device := vectorDevice{ActivationID: id, SharedSecret: string(c.devices[i].secret)}
		if f.EndpointID() != "" { // docs/protocol/transport.md §7
			mac, err := f.SignWithSecret(id, []byte(f.EndpointID()))
			if err != nil {
				t.Fatal(err)
			}
			device.Signature = base64.StdEncoding.EncodeToString(mac)
		}
		values.ConnectedDevices = append(values.ConnectedDevices, device)
	}
	return values
}

func checkSignatures(t *testing.T, f *File, v validVector) {
	t.Helper()
	for _, hardwareID := range []string{"", f.ClientID()} {
		mac, err := f.SignWithSecret(hardwareID, []byte(f.ClientID()))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "HMAC", hex.EncodeToString(mac), v.HMAC)
	}
	key, err := f.Signer()
	if v.RSA == "" {
		if !errors.Is(err, ErrNoKey) {
			t.Errorf("Signer without a key: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	signature, err := SignSHA256(key, []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "RSA signature", base64.StdEncoding.EncodeToString(signature), v.RSA)
}

// TestVectorsRewrite: what we write of a file has the very plaintext, and a file
// that Java wrote comes out byte for byte when the IV is the same.
func TestVectorsRewrite(t *testing.T) {
	for _, v := range loadVectors(t).Valid {
		t.Run(v.File, func(t *testing.T) {
			data := vectorFile(t, v.File)
			c, form, err := decode(data, []byte(v.Passphrase))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "form of the passphrase", form, v.form())
			iv, _ := hex.DecodeString(v.SaltAndIVHex)
			again, err := c.encode(form, iv)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(v.MadeBy, "Java ") {
				equal(t, "file", again, data)
			}
			blob, _, _ := splitFile(data)
			blobAgain, _, err := splitFile(again)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "ciphertext", blobAgain, blob)

			fresh, err := c.encode(form, newIV())
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(fresh, again[:60]) {
				t.Error("two writes begin alike: the IV is not fresh")
			}
			f, err := Read(fresh, []byte(v.Passphrase))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "values", valuesOf(t, f), v.Values)
			equal(t, "unknown tags", len(f.content.unknown), len(c.unknown))
		})
	}
}

func TestVectorsInvalid(t *testing.T) {
	kinds := map[string]error{
		"wrong-passphrase": ErrPassphrase, "unsupported-version": ErrVersion, "not-a-provisioning-file": ErrNotProvisioning,
		"corrupt": ErrCorrupt, "legacy-format": ErrLegacyFormat,
	}
	for _, v := range loadVectors(t).Invalid {
		t.Run(v.File+" "+v.Passphrase, func(t *testing.T) {
			f, err := Open(filepath.Join(vectorFolder, v.File), []byte(v.Passphrase))
			if f != nil {
				t.Error("a file that cannot be read gave values")
			}
			for kind, sentinel := range kinds {
				if got, want := errors.Is(err, sentinel), kind == v.Expect; got != want {
					t.Errorf("errors.Is(%v, %q) is %t, want %t", err, kind, got, want)
				}
			}
			var fe *FileError
			if !errors.As(err, &fe) || fe.Op != "open" || filepath.Base(fe.Path) != v.File {
				t.Errorf("error %v names no operation and file", err)
			}
			if v.Expect == "legacy-format" && !strings.Contains(err.Error(), "make a new provisioning file") {
				t.Errorf("error %v has no remedy", err)
			}
		})
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
