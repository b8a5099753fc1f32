package sinktest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dynasink/dynasink/sink"
)

// Cases about the state of rows.
func rowCases[R any]() []testCase[R] {
	return []testCase[R]{
		{"upsert inserts", "an upsert of an absent row inserts it", keyed, scripted[R](
			[]step{up("a", 1)}, []step{up("b", 1), up("c", 2)})},
		{"upsert replaces", "an upsert of a present row replaces it, and no other", keyed, scripted[R](
			[]step{up("a", 1), up("b", 1)}, []step{up("a", 2)}, []step{up("a", 0)})},
		{"delete removes", "a delete removes the row with the key, whatever its other fields, and no other", keyed, scripted[R](
			[]step{up("a", 1), up("b", 1)}, []step{del("a")}, []step{up("a", 2)})},
		{"delete absent", "a delete of an absent row is not an error", keyed, scripted[R](
			[]step{del("a")}, []step{del("a"), up("b", 1)})},
		{"last write wins", "of the writes of one row in one batch the last one counts", keyed, lastWriteWins[R]},
		{"awkward keys", "a key is stored exactly as it is, and different keys are different rows", keyed, awkwardKeys[R]},
		{"unusual keys", "a key that the store cannot hold is refused with an error, never altered", keyed, unusualKeys[R]},
		{"same key", "SameKey tells whether two rows have one key", keyed, sameKey[R]},
		{"appends", "every upsert is appended, in the order of staging", appending, scripted[R](
			[]step{up("a", 1), up("b", 1), up("a", 2), up("a", 2)}, []step{up("c", 1), up("a", 1)})},
	}
}

// scripted delivers batches one after another, each step a record of its own.
func scripted[R any](batches ...[]step) func(ctx context.Context, s *suite[R]) error {
	return func(ctx context.Context, s *suite[R]) error {
		for _, steps := range batches {
			if err := s.deliver(ctx, each(steps...)...); err != nil {
				return err
			}
		}
		return nil
	}
}

// lastWriteWins tries all short histories of a row, which may be absent or present before, staged by one record and
// by several, all of them in one batch.
func lastWriteWins[R any](ctx context.Context, s *suite[R]) error {
	var before []step
	var together, apart []record
	for length := 1; length <= 3; length++ {
		for history := range 1 << length {
			for _, first := range []string{"absent", "present"} {
				key := fmt.Sprintf("%s%0*b", first, length, history)
				if first == "present" {
					before = append(before, up("one "+key, 9), up("more "+key, 9))
				}
				together = append(together, rec(steps("one "+key, history, length)...))
				apart = append(apart, each(steps("more "+key, history, length)...)...)
			}
		}
	}
	if err := s.deliver(ctx, each(before...)...); err != nil {
		return err
	}
	return s.deliver(ctx, append(together, apart...)...)
}

// steps reads the bits of history from the highest: 1 is an upsert, 0 a delete.
func steps(key string, history, length int) []step {
	var all []step
	for i := length - 1; i >= 0; i-- {
		if history>>i&1 == 1 {
			all = append(all, up(key, length-i))
		} else {
			all = append(all, del(key))
		}
	}
	return all
}

func awkwardKeys[R any](ctx context.Context, s *suite[R]) error {
	keys := []string{
		"A", "a", "ä", "Ä", "ss", "ß", "e\u0301", "é", "İ", "ı", "i", // collations merge them
		"k", "k ", " k", "k\t", "k\n", "k\r\n", // comparisons pad or trim them
		`'`, `"`, "`", `''`, `\`, `\\`, `\'`, `%`, `_`, `;--`, `$1`, `?`, `:name`, `@p`, `{}`, `$where`, "a.b", "/", "*",
		"0", "00", "-0", "1e0", "1", "null", "NULL", "true", "\ufeffk", "日本語", "👩‍👩‍👧", "\u200b", strings.Repeat("x", 200),
	}
	for version := range 2 {
		var batch []step
		for _, key := range keys {
			batch = append(batch, up(key, version+1))
		}
		if err := s.deliver(ctx, each(batch...)...); err != nil {
			return err
		}
	}
	for i, key := range keys {
		if i%2 == 0 {
			if err := s.deliver(ctx, rec(del(key))); err != nil {
				return err
			}
		}
	}
	return nil
}

// unusualKeys are those that some stores cannot hold.
func unusualKeys[R any](ctx context.Context, s *suite[R]) error {
	long := strings.Repeat("k", 2047)
	var wrong []error
	for _, key := range []string{"", "\x00", "nul\x00", "nul", long + "1", long + "2", "\ufffd", "\U0010ffff"} {
		err := s.mayRefuse(ctx, rec(up(key, 1)), s.features.EmptyKey && key == "")
		if err != nil {
			wrong = append(wrong, fmt.Errorf("key %.20q of %d bytes: %w", key, len(key), err))
		}
	}
	return errors.Join(wrong...)
}

func (s *suite[R]) mayRefuse(ctx context.Context, r record, must bool) error {
	u, err := s.stage(r)
	if err == nil {
		err = commit(ctx, u, nil)
	}
	if err == nil {
		s.expect(r)
	} else if must {
		return fmt.Errorf("the sink promises to take it and answers: %w", err)
	}
	return s.check(ctx, r)
}

func sameKey[R any](_ context.Context, s *suite[R]) error {
	k, ok := s.Target.(sink.Keyed[R])
	if !ok {
		return nil // the interface is optional
	}
	if !k.SameKey(s.Row("a", 1), s.Row("a", 2)) {
		return errors.New("two states of one row are not the same row")
	}
	if k.SameKey(s.Row("a", 1), s.Row("b", 1)) || k.SameKey(s.Row("a", 1), s.Row("A", 1)) {
		return errors.New("rows with different keys are the same row")
	}
	return nil
}
