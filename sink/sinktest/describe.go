package sinktest

import (
	"fmt"
	"strings"
)

// How a case tells what it did.

func (s step) String() string {
	if s.what == acts {
		return "a function"
	}
	return fmt.Sprintf("%q: %s", s.key, s.change())
}

// change tells what happens to the row.
func (s step) change() string {
	switch s.what {
	case deletes:
		return "delete"
	case refuses:
		return "refused upsert"
	}
	return fmt.Sprintf("upsert version %d", s.version)
}

func (r record) String() string {
	failed := ""
	if r.err != nil {
		failed = " whose handler failed"
	}
	return fmt.Sprintf("#%s %v%s", r.origin.Sequence, r.steps, failed)
}

// brief describes records by the first few of them.
func brief(records []record) string {
	const few = 4
	var parts []string
	for i, r := range records {
		if i == few {
			parts = append(parts, fmt.Sprintf("… (%d records)", len(records)))
			break
		}
		parts = append(parts, r.String())
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
