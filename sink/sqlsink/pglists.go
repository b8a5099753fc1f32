package sqlsink

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// listed rewrites the JSON arrays in a column of an array type, which is what slices come as, to PostgreSQL's own form:
// https://www.postgresql.org/docs/current/arrays.html#ARRAYS-INPUT
// A text that is no JSON array, such as '{1,2}', stays as it is.
func (g *grid) listed(column int, typeName string) {
	for i := column; i < len(g.cells); i += g.columns {
		v := &g.cells[i]
		if v.kind != textual || !strings.HasPrefix(v.text, "[") {
			continue
		}
		if list, ok := appendList(nil, json.RawMessage(v.text), typeName); ok {
			v.text = string(list)
		}
	}
}

func appendList(dst []byte, list json.RawMessage, typeName string) (_ []byte, ok bool) {
	var items []json.RawMessage
	if json.Unmarshal(list, &items) != nil {
		return nil, false
	}
	dst = append(dst, '{')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, ok = appendItem(dst, item, typeName); !ok {
			return nil, false
		}
	}
	return append(dst, '}'), true
}

func appendItem(dst []byte, item json.RawMessage, typeName string) (_ []byte, ok bool) {
	ofJSON := typeName == "json[]" || typeName == "jsonb[]"
	switch {
	case string(item) == "null":
		return append(dst, "NULL"...), true
	case item[0] == '[' && !ofJSON:
		return appendList(dst, item, typeName)
	case item[0] != '"' || ofJSON:
		return appendQuoted(dst, []byte(item)), true
	}
	var text string
	if json.Unmarshal(item, &text) != nil {
		return nil, false
	}
	if convert := itemForms[typeName]; convert != nil {
		text = convert(text)
	}
	return appendQuoted(dst, text), true
}

// itemForms are for what encoding/json writes in a form that the server would take for something else.
var itemForms = map[string]func(string) string{
	"bytea[]":                       octetsItem,
	"timestamp without time zone[]": momentItem, // the server passes over an offset
	"date[]":                        momentItem,
}

func octetsItem(text string) string {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return text
	}
	return string(appendHex([]byte(`\x`), string(b)))
}

func momentItem(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return string(appendMoment(nil, t.UTC()))
}
