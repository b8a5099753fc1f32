package sinktest

import (
	"fmt"
	"strings"
)

// How a case tells what it did.

func (s step) String() string {
	switch s.what {
	case deletes:
		return fmt.Sprintf("delete %q", s.key)
	case refuses:
		return fmt.Sprintf("refused upsert %q", s.key)
	case acts:
		return "a function"
	}
	return fmt.Sprintf("upsert %q version %d", s.key, s.version)
}

func (r record) String() string {
	failed := ""
	if r.err != nil {
		failed = " whose handler failed"
	}
	return fmt.Sprintf("#%s%v%s", r.origin.Sequence, r.steps, failed)
}

// brief describes records by the first few of them.
func brief(records []record) string {
	const few = 8
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
