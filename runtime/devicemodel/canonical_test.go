package devicemodel_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/runtime/devicemodel"
)

// The text is a contract: generated code holds its hash.
func TestCanonicalText(t *testing.T) {
	m := mustLoad(t, withMembers(`"description":"no part","created":5,
 "attributes":[{"name":"z","type":"STRING","defaultValue":"a \"b\"\\\n\u2028é"},
  {"name":"n","alias":"m","type":"NUMBER","range":"-0.0,1E3","defaultValue":0.50,"writable":true},
  {"name":"i","type":"INTEGER","range":"0.0,50.0","defaultValue":5.0},{"name":"b","type":"BOOLEAN","defaultValue":false},
  {"name":"t","alias":"t","type":"DATETIME","defaultValue":-1},
  {"name":"u","type":"URI","defaultValue":"https://x"}],
 "actions":[{"name":"two","alias":"deux","arguments":[{"name":"y","type":"NUMBER","range":"0,1","defaultValue":1},{"name":"x","type":"STRING"}]},
  {"name":"old","argType":"NUMBER","range":"-5,5"},
  {"name":"new","arguments":[{"name":"value","type":"NUMBER","range":"-5,5"}]},{"name":"none"}],
 "formats":[{"urn":"urn:x:m:z","name":"Z","type":"ALERT","value":{"fields":[]}},
  {"urn":"urn:x:m:a","name":"A","description":"no part","type":"DATA","value":{"fields":[
   {"name":"q","type":"URI","optional":true,"defaultValue":"no part"},{"name":"p","type":"DATETIME","optional":false}]}}]`))
	const want = `iotcs device model 1
urn "urn:x:m"
attribute "b" BOOLEAN default false
attribute "i" INTEGER range 0,50 default 5
attribute "n" alias "m" NUMBER range 0,1000 default 0.5 writable
attribute "t" DATETIME default -1
attribute "u" URI default "https://x"
attribute "z" STRING default "a \"b\"\\\x0a` + "\u2028" + `é"
action "new"
 argument "value" NUMBER range -5,5
action "none"
action "old"
 value NUMBER range -5,5
action "two" alias "deux"
 argument "y" NUMBER range 0,1 default 1
 argument "x" STRING
format "urn:x:m:a" DATA
 field "p" DATETIME
 field "q" URI optional
format "urn:x:m:z" ALERT
`
	if got := string(devicemodel.Canonical(m)); got != want {
		t.Errorf("canonical text\n%s\nwant\n%s", got, want)
	}
	sum := sha256.Sum256([]byte(want))
	if got := devicemodel.Fingerprint(m); got != hex.EncodeToString(sum[:]) {
		t.Errorf("fingerprint %q is not the hash of the text", got)
	}
}

// Generated code in the field holds this value: should the test fail, it is not the value that must be changed.
func TestFingerprintIsFrozen(t *testing.T) {
	const want = "86554863f0f25bae649114c2b8b8bdd13459816295ebd40e3cc4a3d3a274367e"
	if got := devicemodel.Fingerprint(mustLoad(t, string(sample(t, humidityURN)))); got != want {
		t.Errorf("fingerprint %s, want %s", got, want)
	}
}

// scramble writes a JSON value with its members, and the elements of its lists unless they are arguments, in random order.
func scramble(r *rand.Rand, v any, key string) string {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for k, e := range v {
			name, _ := json.Marshal(k)
			members = append(members, string(name)+": "+scramble(r, e, k))
		}
		slices.Sort(members)
		r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		return "{" + strings.Join(members, ",\n") + "}"
	case []any:
		var elements []string
		for _, e := range v {
			elements = append(elements, scramble(r, e, ""))
		}
		if key != "arguments" {
			r.Shuffle(len(elements), func(i, j int) { elements[i], elements[j] = elements[j], elements[i] })
		}
		return "[" + strings.Join(elements, " , ") + "]"
	}
	text, _ := json.Marshal(v)
	return string(text)
}

func TestFingerprintDoesNotDependOnOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, data := range samples(t) {
		want := devicemodel.Fingerprint(mustLoad(t, string(data)))
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			text := scramble(r, v, "")
			if got := devicemodel.Fingerprint(mustLoad(t, text)); got != want {
				t.Fatalf("%s: fingerprint %s, want %s, of\n%s", name, got, want, text)
			}
		}
	}
}

func TestFingerprintsDiffer(t *testing.T) {
	seen := make(map[string]string)
	for name, data := range samples(t) {
		f := devicemodel.Fingerprint(mustLoad(t, string(data)))
		if other, ok := seen[f]; ok {
			t.Errorf("%s and %s have one fingerprint", name, other)
		}
		seen[f] = name
	}
}

func TestFingerprintSensitivity(t *testing.T) {
	base := withMembers(`"attributes":[{"name":"n","alias":"m","type":"NUMBER","range":"0,10","defaultValue":5,"writable":true}],
 "actions":[{"name":"act","arguments":[{"name":"x","type":"URI"},{"name":"y","type":"URI"}]},{"name":"old","argType":"NUMBER"}],
 "formats":[{"urn":"urn:x:m:f","name":"F","type":"DATA","value":{"fields":[{"name":"f","type":"URI","optional":true}]}}]`)
	want := devicemodel.Fingerprint(mustLoad(t, base))
	matter := map[string][2]string{
		"urn":            {`"urn:x:m"`, `"urn:x:o"`},
		"attribute name": {`"name":"n"`, `"name":"N"`},
		"alias":          {`"alias":"m"`, `"alias":"o"`},
		"no alias":       {`"alias":"m"`, `"alias":""`},
		"type":           {`"NUMBER","range"`, `"INTEGER","range"`},
		"low":            {`"0,10"`, `"1,10"`},
		"high":           {`"0,10"`, `"0,10.5"`},
		"no range":       {`"range":"0,10",`, ``},
		"default":        {`"defaultValue":5`, `"defaultValue":6`},
		"no default":     {`"defaultValue":5,`, ``},
		"writable":       {`true}]`, `false}]`},
		"action name":    {`"name":"act"`, `"name":"akt"`},
		"argument name":  {`"name":"x"`, `"name":"z"`},
		"argument type":  {`"name":"x","type":"URI"`, `"name":"x","type":"STRING"`},
		"argument order": {`{"name":"x","type":"URI"},{"name":"y","type":"URI"}`, `{"name":"y","type":"URI"},{"name":"x","type":"URI"}`},
		"argument form":  {`"argType":"NUMBER"`, `"arguments":[{"name":"value","type":"NUMBER"}]`},
		"format urn":     {`"urn:x:m:f"`, `"urn:x:m:g"`},
		"format type":    {`"DATA"`, `"ALERT"`},
		"field name":     {`"name":"f"`, `"name":"g"`},
		"optional":       {`"optional":true`, `"optional":false`},
	}
	for name, change := range matter {
		text := strings.Replace(base, change[0], change[1], 1)
		if text == base || devicemodel.Fingerprint(mustLoad(t, text)) == want {
			t.Errorf("the fingerprint does not show a change of: %s", name)
		}
	}
	same := map[string][2]string{
		"display name":       {`"name":"M"`, `"name":"Other"`},
		"format name":        {`"name":"F"`, `"name":"G"`},
		"description":        {`"name":"n"`, `"description":"d","name":"n"`},
		"system":             {`"name":"M"`, `"name":"M","system":true,"created":7`},
		"number text":        {`"0,10"`, `"0.0,1E1"`},
		"default text":       {`:5,`, `:5.0,`},
		"default of a field": {`"optional":true`, `"optional":true,"defaultValue":"x"`},
	}
	for name, change := range same {
		text := strings.Replace(base, change[0], change[1], 1)
		if text == base || devicemodel.Fingerprint(mustLoad(t, text)) != want {
			t.Errorf("the fingerprint depends on: %s", name)
		}
	}
}

// Models that no loader gives can be fingerprinted too, without regard to order.
func TestCanonicalOfSameNames(t *testing.T) {
	a := devicemodel.Attribute{Name: "a", Type: devicemodel.URI}
	b := devicemodel.Attribute{Name: "a", Type: devicemodel.String}
	x := devicemodel.Fingerprint(&devicemodel.Model{Attributes: []devicemodel.Attribute{a, b}})
	y := devicemodel.Fingerprint(&devicemodel.Model{Attributes: []devicemodel.Attribute{b, a}})
	if x != y {
		t.Error("the fingerprint depends on the order of attributes with one name")
	}
}

func TestCanonicalIsOneFactALine(t *testing.T) {
	m := &devicemodel.Model{URN: "u\nattribute \"x\"", Attributes: []devicemodel.Attribute{{Name: "a\r\n\"", Type: devicemodel.URI}}}
	if got := strings.Count(string(devicemodel.Canonical(m)), "\n"); got != 3 {
		t.Errorf("%d lines:\n%s", got, devicemodel.Canonical(m))
	}
}
