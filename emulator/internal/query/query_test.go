package query_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/emulator/internal/query"
)

func Example() {
	values := query.Parse(`q={"name":{"$like":"Pump%"}}&orderBy=name:desc&limit=1`)
	filter, err := query.ParseFilter(values.Get("q"))
	if err != nil {
		fmt.Println(err)
		return
	}
	order, _ := query.ParseOrder(values.Get("orderBy"))
	page, _ := query.ParsePage(values)
	docs := []map[string]any{{"name": "Pump 1"}, {"name": "Fan"}, {"name": "Pump 2"}}
	docs = slices.DeleteFunc(docs, func(doc map[string]any) bool { return !filter.Match(doc) })
	order.Sort(docs)
	items, more := query.Slice(docs, page)
	fmt.Println(items, more)
	// Output: [map[name:Pump 2]] true
}

// The forms of docs/protocol/management-api.md §1.5.
func TestParse(t *testing.T) {
	for _, test := range []struct {
		name, raw string
		want      query.Values
	}{
		{"nothing", "", nil},
		{"flag without value", "acceptBytes=0&iot.sync", query.Values{{"acceptBytes", "0"}, {"iot.sync", ""}}},
		{"form encoding", "OSName=Windows+7&OSVersion=6.1", query.Values{{"OSName", "Windows 7"}, {"OSVersion", "6.1"}}},
		{"Java: braces and quotes encoded", "q=%7B%22urn%22:%7B%22$eq%22:%22urn:x%22%7D%7D", query.Values{{"q", `{"urn":{"$eq":"urn:x"}}`}}},
		{"JavaScript: raw percent sign of $like", `q={"name"%3A{"%24like"%3A"E-%"}}`, query.Values{{"q", `{"name":{"$like":"E-%"}}`}}},
		{"JavaScript: all raw", `q={"urn":{"$eq":"urn:x"}}`, query.Values{{"q", `{"urn":{"$eq":"urn:x"}}`}}},
		{"semicolon does not split", "q=a;b", query.Values{{"q", "a;b"}}},
		{"stray equals sign first", "=x=y", query.Values{{"", "x=y"}}},
		{"percent at the end", "a=1%&b=%4", query.Values{{"a", "1%"}, {"b", "%4"}}},
		{"percent before other text", "a=%zz%41", query.Values{{"a", "%zzA"}}},
		{"empty pairs", "&&a=1&", query.Values{{"a", "1"}}},
		{"raw UTF-8", "name=Käse", query.Values{{"name", "Käse"}}},
		{"lower-case digits", "%c3%a9=%e2%82%ac", query.Values{{"é", "€"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := query.Parse(test.raw); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestValues(t *testing.T) {
	values := query.Parse("a=1&b=2&a=3&flag")
	if values.Get("a") != "1" || values.Get("none") != "" {
		t.Errorf("a=%q none=%q", values.Get("a"), values.Get("none"))
	}
	if _, ok := values.Lookup("flag"); !ok {
		t.Error("flag not found")
	}
	if _, ok := values.Lookup("none"); ok {
		t.Error("none found")
	}
	if got := values.With("a", "x y").With("new", "&%").Encode(); got != "a=x%20y&b=2&flag&new=%26%25" {
		t.Errorf("encoded %q", got)
	}
	if got := query.Parse(values.With("q", `{"a":"50%+1"}`).Encode()).Get("q"); got != `{"a":"50%+1"}` {
		t.Errorf("round trip %q", got)
	}
}

const device = `{"id":"0-A","name":"Pump 7","enabled":true,"count":3,"big":1511805927387,"none":null,
 "deviceModels":[{"urn":"urn:a","name":"A"},{"urn":"urn:b","name":"B"}],"tags":["x","y"],
 "metadata":{"city":"Hamburg","a.b":"dotted"},"a.b.c":"whole","location":{"latitude":53.5}}`

func TestFilter(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal([]byte(device), &doc); err != nil {
		t.Fatal(err)
	}
	doc["exact"] = int64(9007199254740993)
	for _, test := range []struct {
		q    string
		want bool
	}{
		{``, true},
		{`{}`, true},
		{`{"id":"0-A"}`, true},
		{`{"id":"0-B"}`, false},
		{`{"id":"0-A","name":"Pump 7"}`, true},
		{`{"id":"0-A","name":"Pump 8"}`, false},
		{`{"id":{"$eq":"0-A"}}`, true},
		{`{"id":{"$ne":"0-A"}}`, false},
		{`{"id":{"$ne":"0-B"}}`, true},
		{`{"unknown":{"$ne":"0-B"}}`, false},
		{`{"deviceModels.urn":{"$ne":"urn:a"}}`, false},
		{`{"count":{"$gt":2}}`, true},
		{`{"count":{"$gt":3}}`, false},
		{`{"count":{"$gte":3,"$lt":4}}`, true},
		{`{"count":{"$lte":2}}`, false},
		{`{"count":"3"}`, false},
		{`{"big":{"$gt":1511805927386}}`, true},
		{`{"exact":{"$gte":9007199254740992}}`, true},
		{`{"name":{"$gt":"Pump 10"}}`, true},
		{`{"enabled":true}`, true},
		{`{"enabled":false}`, false},
		{`{"enabled":1}`, false},
		{`{"none":null}`, true},
		{`{"id":null}`, false},
		{`{"count":{"$in":[1,2,3]}}`, true},
		{`{"count":{"$in":[]}}`, false},
		{`{"name":{"$exists":true}}`, true},
		{`{"unknown":{"$exists":true}}`, false},
		{`{"unknown":{"$exists":false}}`, true},
		{`{"name":{"$like":"Pump%"}}`, true},
		{`{"name":{"$like":"%ump%7"}}`, true},
		{`{"name":{"$like":"pump%"}}`, false},
		{`{"name":{"$like":"Pump_7"}}`, false},
		{`{"name":{"$like":"Pump 7"}}`, true},
		{`{"name":{"$like":"%7%7"}}`, false},
		{`{"count":{"$like":"3"}}`, false},
		{`{"deviceModels.urn":"urn:b"}`, true},
		{`{"deviceModels.urn":{"$eq":"urn:c"}}`, false},
		{`{"tags":"y"}`, true},
		{`{"metadata.city":"Hamburg"}`, true},
		{`{"metadata.a.b":"dotted"}`, true},
		{`{"a.b.c":"whole"}`, true},
		{`{"metadata.city.x":"Hamburg"}`, false},
		{`{"location.latitude":{"$gt":50}}`, true},
		{`{"$and":[{"id":"0-A"},{"count":3}]}`, true},
		{`{"$and":[{"id":"0-A"},{"count":4}]}`, false},
		{`{"$and":{"id":"0-A"}}`, true}, // the Java client's conjunction of one
		{`{"$or":{"id":"0-B"}}`, false},
		{`{"$or":[{"id":"0-B"},{"count":3}]}`, true},
		{`{"$or":[]}`, false},
		{`{"$not":{"id":"0-B"}}`, true},
		{`{"$not":[{"id":"0-A"}]}`, false},
		{`{"$and":[{"connectivityStatus":{"$eq":"ONLINE"}}]}`, false},
	} {
		t.Run(test.q, func(t *testing.T) {
			filter, err := query.ParseFilter(test.q)
			if err != nil {
				t.Fatal(err)
			}
			if got := filter.Match(doc); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestFilterErrors(t *testing.T) {
	deep := strings.Repeat(`{"$not":`, 40) + "{}" + strings.Repeat("}", 40)
	for _, q := range []string{`{`, `[]`, `"x"`, `null`, `{"$nor":[]}`, `{"a":{"$regex":"x"}}`, `{"a":{"$in":1}}`, `{"a":{"$like":1}}`,
		`{"a":{"$exists":"yes"}}`, `{"$and":[1]}`, `{"$not":"x"}`, `{} {}`, deep, `{"` + strings.Repeat("a.", 20) + `a":1}`, `{"a":"` + strings.Repeat("x", 1<<17) + `"}`} {
		if _, err := query.ParseFilter(q); !errors.Is(err, query.ErrFilter) {
			t.Errorf("%.60s: %v, want ErrFilter", q, err)
		}
	}
}

func TestOrder(t *testing.T) {
	docs := func() []map[string]any {
		return []map[string]any{
			{"id": "a", "n": int64(2), "s": "x"}, {"id": "b", "n": 1.5, "s": "y"}, {"id": "c", "s": "x"}, {"id": "d", "n": int64(2), "s": "w"}}
	}
	for _, test := range []struct{ order, want string }{
		{"", "abcd"},
		{"n", "cbad"},
		{"n:desc", "adbc"},
		{"s:asc,n:desc", "dacb"},
		{"n:ASC, s:DESC", "cbad"},
		{"m.x", "abcd"},
	} {
		t.Run(test.order, func(t *testing.T) {
			order, err := query.ParseOrder(test.order)
			if err != nil {
				t.Fatal(err)
			}
			sorted := docs()
			order.Sort(sorted)
			var got string
			for _, doc := range sorted {
				got += doc["id"].(string)
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	for _, bad := range []string{":asc", "a:up", "a,,b", strings.Repeat("a.", 20) + "a"} {
		if _, err := query.ParseOrder(bad); !errors.Is(err, query.ErrParameter) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestPage(t *testing.T) {
	for _, test := range []struct {
		raw  string
		want query.Page
	}{
		{"", query.Page{Offset: 0, Limit: 10}},
		{"offset=20&limit=50", query.Page{Offset: 20, Limit: 50}},
		{"limit=1000", query.Page{Offset: 0, Limit: 200}},
		{"offset=99999999999999", query.Page{Offset: 1 << 30, Limit: 10}},
	} {
		page, err := query.ParsePage(query.Parse(test.raw))
		if err != nil || page != test.want {
			t.Errorf("%q: %+v, %v; want %+v", test.raw, page, err, test.want)
		}
	}
	for _, raw := range []string{"offset=-1", "limit=0", "limit=x", "offset=", "limit=" + strings.Repeat("9", 500)} {
		if _, err := query.ParsePage(query.Parse(raw)); !errors.Is(err, query.ErrParameter) {
			t.Errorf("%.40q: %v, want ErrParameter", raw, err)
		}
	}
	all := []int{0, 1, 2, 3, 4}
	for _, test := range []struct {
		page query.Page
		want []int
		more bool
	}{{query.Page{Limit: 2}, []int{0, 1}, true}, {query.Page{Offset: 4, Limit: 2}, []int{4}, false}, {query.Page{Offset: 9, Limit: 2}, []int{}, false}, {query.Page{Limit: 5}, all, false}} {
		items, more := query.Slice(all, test.page)
		if !slices.Equal(items, test.want) || more != test.more {
			t.Errorf("%+v: %v %v", test.page, items, more)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, q := range []string{`{"a":{"$like":"a%"}}`, `{"$and":{"a.b":{"$in":[1,"x",null]}}}`, `{"$not":[{"a":{"$exists":false}}]}`, `[`} {
		f.Add(q)
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(device), &doc); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values := query.Parse(text)
		if again := query.Parse(values.Encode()); !slices.Equal(again, values) {
			t.Errorf("%q: %q after a round trip %q", text, values, again)
		}
		filter, err := query.ParseFilter(text)
		if err != nil {
			return
		}
		filter.Match(doc)
	})
}

func BenchmarkFilter(b *testing.B) {
	var doc map[string]any
	if err := json.Unmarshal([]byte(device), &doc); err != nil {
		b.Fatal(err)
	}
	filter, err := query.ParseFilter(`{"$and":[{"name":{"$like":"P%"}},{"deviceModels.urn":{"$eq":"urn:b"}}]}`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		filter.Match(doc)
	}
}
