package sqlsink

import (
	"slices"
	"strings"
)

// redact cuts a message where it begins to tell data. Quoted names stay.
func redact(text string) string {
	const encode = "unable to encode" // pgx goes on with the value, quoted or not
	text = cutQuoted(text)
	if i := strings.Index(text, encode); i >= 0 {
		return text[:i] + encode + " the value"
	}
	return text
}

// cutQuoted cuts a message at the first quotation that is not a name.
func cutQuoted(text string) string {
	if i := strings.IndexAny(text, foreignQuotes); i >= 0 {
		text = text[:i] + "…"
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '\'' && text[i] != '"' || apostrophe(text, i) {
			continue
		}
		if !names(text[:i]) {
			return text[:i] + "…"
		}
		end := strings.IndexByte(text[i+1:], text[i])
		if end < 0 {
			return text[:i] + "…"
		}
		i += end + 1
	}
	return text
}

// foreignQuotes are the quotation marks of PostgreSQL's translated messages.
const foreignQuotes = "«»‹›“”„‟‘’‚‛「」『』＂＇"

// apostrophe reports the one in "doesn't".
func apostrophe(text string, i int) bool {
	return text[i] == '\'' && strings.HasSuffix(text[:i], " doesn") && strings.HasPrefix(text[i+1:], "t ")
}

// names reports whether what is quoted next is a name and not data.
func names(before string) bool {
	words := strings.Fields(before)
	if len(words) == 0 || !strings.HasSuffix(before, " ") {
		return false
	}
	known := []string{
		"column", "relation", "table", "constraint", "index", "type", "database", "schema", "user", "role",
		"Column", "Table", "Field",
	}
	return slices.Contains(known, words[len(words)-1])
}
