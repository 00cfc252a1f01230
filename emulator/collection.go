package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/iotcs-go/iotcs/emulator/internal/query"
)

// collection is a page of resources (docs/protocol/management-api.md §1.4).
type collection struct {
	Items        []any  `json:"items"`
	Count        int    `json:"count"`
	HasMore      bool   `json:"hasMore"`
	Limit        int    `json:"limit"`
	Offset       int    `json:"offset"`
	TotalResults *int   `json:"totalResults,omitempty"`
	Links        []link `json:"links"`
}

// page answers with one page of a collection of total resources.
func (c *call) page(items []any, page query.Page, total int) error {
	body := collection{
		Items:   c.selectFields(items),
		Count:   len(items),
		HasMore: page.Offset+len(items) < total,
		Limit:   page.Limit,
		Offset:  page.Offset,
		Links:   c.pageLinks(page, total),
	}
	if c.query.Get("totalResults") == "true" {
		body.TotalResults = &total
	}
	return c.jsonAs(http.StatusOK, "collection", body)
}

// pageLinks gives the links with all other parameters kept. prev and next are missing at the ends: the JavaScript client follows them.
func (c *call) pageLinks(page query.Page, total int) []link {
	path := c.site() + strings.TrimSuffix(c.r.URL.EscapedPath(), "/")
	at := func(offset int) string {
		return path + "?" + c.query.With("offset", strconv.Itoa(offset)).With("limit", strconv.Itoa(page.Limit)).Encode()
	}
	links := []link{{"canonical", path}, {"self", at(page.Offset)}, {"first", at(0)}}
	if page.Offset > 0 {
		links = append(links, link{"prev", at(max(0, page.Offset-page.Limit))})
	}
	if page.Offset+page.Limit < total {
		links = append(links, link{"next", at(page.Offset + page.Limit)})
	}
	return append(links, link{"last", at(max(0, total-1) / page.Limit * page.Limit)})
}

// selectFields leaves of each resource the members that the parameter fields names, and its links.
func (c *call) selectFields(items []any) []any {
	if items == nil {
		items = []any{}
	}
	text := c.query.Get("fields")
	if text == "" {
		return items
	}
	wanted := map[string]bool{"links": true}
	for name := range strings.SplitSeq(text, ",") {
		wanted[strings.TrimSpace(name)] = true
	}
	selected := make([]any, len(items))
	for i, item := range items {
		members := make(map[string]any)
		for name, value := range document(item) {
			if wanted[name] {
				members[name] = value
			}
		}
		selected[i] = members
	}
	return selected
}

// list answers with the page of the resources that the caller wants: filtered by q, sorted by orderBy.
func list[T any](c *call, all []T, render func(T) any) error {
	page, err := query.ParsePage(c.query)
	if err != nil {
		return err
	}
	filter, err := query.ParseFilter(c.query.Get("q"))
	if err != nil {
		return err
	}
	order, err := query.ParseOrder(c.query.Get("orderBy"))
	if err != nil {
		return err
	}
	if filter == nil && order == nil {
		part, _ := query.Slice(all, page)
		return c.page(renderAll(part, render), page, len(all))
	}
	docs := matching(all, render, filter)
	order.Sort(docs)
	part, _ := query.Slice(docs, page)
	return c.page(renderAll(part, func(doc map[string]any) any { return doc }), page, len(docs))
}

// count answers with the number of the resources that match q.
func count[T any](c *call, all []T, render func(T) any) error {
	filter, err := query.ParseFilter(c.query.Get("q"))
	if err != nil {
		return err
	}
	n := len(all)
	if filter != nil {
		n = len(matching(all, render, filter))
	}
	return c.json(http.StatusOK, map[string]int{"count": n})
}

func renderAll[T any](part []T, render func(T) any) []any {
	items := make([]any, len(part))
	for i, one := range part {
		items[i] = render(one)
	}
	return items
}

func matching[T any](all []T, render func(T) any, filter *query.Filter) []map[string]any {
	var docs []map[string]any
	for _, one := range all {
		if doc := document(render(one)); filter.Match(doc) {
			docs = append(docs, doc)
		}
	}
	return docs
}

// document gives a resource as filters see it: what its JSON says, whole numbers exact.
func document(resource any) map[string]any {
	if doc, ok := resource.(map[string]any); ok {
		return doc
	}
	text, ok := resource.(json.RawMessage)
	if !ok {
		var err error
		if text, err = json.Marshal(resource); err != nil {
			return nil // no resource of this server lacks a JSON form
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var doc map[string]any
	if err := decoder.Decode(&doc); err != nil {
		return nil
	}
	return exact(doc).(map[string]any)
}

// exact replaces the numbers of a document by int64 where they are whole, by float64 otherwise.
func exact(value any) any {
	switch value := value.(type) {
	case json.Number:
		if n, err := value.Int64(); err == nil {
			return n
		}
		f, err := value.Float64()
		if err != nil {
			return value.String()
		}
		return f
	case map[string]any:
		for name, member := range value {
			value[name] = exact(member)
		}
	case []any:
		for i, element := range value {
			value[i] = exact(element)
		}
	}
	return value
}
