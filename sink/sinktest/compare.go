package sinktest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// check compares the store with the model; after names what was delivered last.
func (s *suite[R]) check(ctx context.Context, after ...record) error {
	found, err := s.Rows(ctx)
	if err != nil {
		return fmt.Errorf("Subject.Rows failed: %w", err)
	}
	compare := s.compareRows
	if s.features.Append {
		compare = s.compareAppended
	}
	if err := errors.Join(firstFew(compare(found))...); err != nil {
		return fmt.Errorf("after %v:\n%w", brief(after), err)
	}
	return nil
}

func (s *suite[R]) compareRows(found []R) (wrong []error) {
	seen := map[string]bool{}
	for _, row := range found {
		key := s.Key(row)
		want, known := s.states[key]
		switch {
		case seen[key]:
			wrong = append(wrong, fmt.Errorf("row %q occurs twice", key))
		case !known:
			wrong = append(wrong, fmt.Errorf("row %q was never written", key))
		case !want.present:
			wrong = append(wrong, fmt.Errorf("row %q should be absent and is %s; %s", key, s.name(row), s.story(key)))
		case !s.Same(row, s.Row(key, want.version)):
			wrong = append(wrong, fmt.Errorf("row %q should be version %d and is %s; %s", key, want.version, s.name(row), s.story(key)))
		}
		seen[key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(s.states)) {
		if want := s.states[key]; want.present && !seen[key] {
			wrong = append(wrong, fmt.Errorf("row %q should be version %d and is absent; %s", key, want.version, s.story(key)))
		}
	}
	return wrong
}

func (s *suite[R]) compareAppended(found []R) (wrong []error) {
	if len(found) != len(s.appended) {
		return []error{fmt.Errorf("there are %d entries, not one for each of %d upserts", len(found), len(s.appended))}
	}
	for i, want := range s.appended {
		if key := s.Key(found[i]); key != want.key || !s.Same(found[i], s.Row(key, want.version)) {
			wrong = append(wrong, fmt.Errorf("entry %d should be %v and is %s of %q", i, want, s.name(found[i]), key))
		}
	}
	return wrong
}

const unknown = "a state that was never staged"

// name says which version a row is.
func (s *suite[R]) name(row R) string {
	for version := range 100 {
		if s.Same(row, s.Row(s.Key(row), version)) {
			return fmt.Sprintf("version %d", version)
		}
	}
	return unknown
}

// story tells what was delivered for a row, in the order of deliveries.
func (s *suite[R]) story(key string) string {
	const few = 6
	all := s.history[key]
	told := strings.Join(all[max(0, len(all)-few):], ", ")
	if len(all) > few {
		told = "…, " + told
	}
	return "delivered: " + told
}

func firstFew(wrong []error) []error {
	const few = 5
	if len(wrong) <= few {
		return wrong
	}
	return append(slices.Clip(wrong[:few]), fmt.Errorf("… and %d more", len(wrong)-few))
}
