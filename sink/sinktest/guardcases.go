package sinktest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/dynasink/dynasink/sink"
)

// Cases about deliveries that come again in their order: harmless for every sink of rows.
func redeliveryCases[R any]() []testCase[R] {
	return []testCase[R]{
		{"redelivered batch", "a batch that is delivered twice leaves the rows as they are", keyed, redelivered[R]},
		{"redelivered suffixes", "the end of a batch, from any record on, can be delivered again", keyed, suffixes[R]},
		{"appends once", "a write that is delivered again is not appended again, whatever it is delivered with", appending | guarded, appendsOnce[R]},
	}
}

// story is a short history in which rows come, go and come back.
func story(prefix string) []record {
	a, b, c := prefix+"a", prefix+"b", prefix+"c"
	return []record{
		rec(up(a, 1), up(b, 1)), rec(up(a, 2)), rec(del(b)), rec(up(c, 1), del(c)), rec(up(b, 2), up(a, 3)),
		rec(del(a)), rec(up(c, 2)), rec(up(a, 4)), rec(del(c)), rec(up(b, 3), del(b), up(b, 4)),
	}
}

func redelivered[R any](ctx context.Context, s *suite[R]) error {
	batch := story("")
	for range 3 {
		if err := s.deliver(ctx, batch...); err != nil {
			return err
		}
	}
	return nil
}

func suffixes[R any](ctx context.Context, s *suite[R]) error {
	batch := story("")
	for from := range batch {
		if err := s.deliver(ctx, batch[from:]...); err != nil {
			return err
		}
	}
	return nil
}

// appendsOnce delivers batches again, their ends, and old records among new ones. Writes of one record may be alike.
func appendsOnce[R any](ctx context.Context, s *suite[R]) error {
	batch := append(story(""), rec(up("a", 1), up("a", 1), del("a"), up("a", 1)))
	for from := range batch {
		if err := s.deliver(ctx, batch[from:]...); err != nil {
			return err
		}
	}
	return s.deliver(ctx, batch[3], rec(up("a", 5)), batch[0], batch[0], rec(up("b", 5)), batch[len(batch)-1])
}

// Cases about stale deliveries: an invocation that timed out and still commits, a dead letter redriven days later.
func guardCases[R any]() []testCase[R] {
	return []testCase[R]{
		{"guard is declared", "records with guarded writes only are not reported as unguarded", guarded, declared[R]},
		{"stale upsert", "an older upsert after a newer one changes nothing", guarded, stale[R](up("a", 1), up("a", 2))},
		{"stale upsert after delete", "an older upsert after a newer delete does not bring the row back", guarded, stale[R](up("a", 1), del("a"))},
		{"stale delete", "an older delete after a newer upsert changes nothing", guarded, stale[R](del("a"), up("a", 2))},
		{"stale delete after delete", "a row can come back after deletes in the wrong order", guarded, stale[R](del("a"), del("a"))},
		{"stale rows among others", "a stale row does not keep the other rows of its batch from being written", guarded, staleAmongOthers[R]},
		{"stale batches", "any part of the past can be delivered again", guarded, windows[R]},
		{"unordered batch", "in a batch that is not in the stream's order (redriven dead letters) the newest change of a row counts", guarded, unordered[R]},
		{"sequence numbers are numbers", "sequence numbers compare as numbers, not as text, up to 40 digits", guarded, numbers[R]},
		{"any order converges", "deliveries in any order, some of them twice, lead to the newest state", guarded, shuffled[R]},
	}
}

func declared[R any](_ context.Context, s *suite[R]) error {
	b := sink.NewUnit().Begin(NextOrigin())
	s.do(b, up("a", 1))
	s.do(b, del("b"))
	if b.Unguarded() {
		return errors.New("sink.Batch.Unguarded is true: was the port made without sink.Guarded?")
	}
	return b.End(nil)
}

// stale delivers two changes of a row in the wrong order, then a newer one.
func stale[R any](older, newer step) func(ctx context.Context, s *suite[R]) error {
	return func(ctx context.Context, s *suite[R]) error {
		first, second, third := rec(older), rec(newer), rec(up("a", 3))
		for _, r := range []record{second, first, second, third, first, second} {
			if err := s.deliver(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}
}

func staleAmongOthers[R any](ctx context.Context, s *suite[R]) error {
	old := each(up("a", 1), del("b"), up("c", 1), up("d", 1))
	if err := s.deliver(ctx, each(up("a", 2), up("b", 2), del("c"))...); err != nil {
		return err
	}
	return s.deliver(ctx, append(old, each(up("e", 1), up("c", 2))...)...)
}

func windows[R any](ctx context.Context, s *suite[R]) error {
	batch := story("")
	if err := s.deliver(ctx, batch...); err != nil {
		return err
	}
	for from := range batch {
		for to := from + 1; to <= len(batch); to += 2 {
			if err := s.deliver(ctx, batch[from:to]...); err != nil {
				return err
			}
		}
	}
	return nil
}

func unordered[R any](ctx context.Context, s *suite[R]) error {
	batch := story("")
	slices.Reverse(batch)
	for range 2 {
		if err := s.deliver(ctx, batch...); err != nil {
			return err
		}
	}
	old, newer := each(up("a", 5), del("b"), up("c", 5), up("new", 5)), each(del("a"), up("b", 6), up("c", 6), del("new"))
	return s.deliver(ctx, append(newer, old...)...)
}

func numbers[R any](ctx context.Context, s *suite[R]) error {
	nines := func(n int) string { return strings.Repeat("9", n) }
	power := func(n int) string { return "1" + strings.Repeat("0", n) }
	pairs := [][2]string{
		{nines(3), power(3)}, {nines(20), power(20)}, {nines(21), power(21)}, {nines(38), power(38)}, {nines(39), power(39)},
		{"111111111111111111119", "111111111111111111120"}, {power(39), nines(40)},
		{"9007199254740992000000000000000000000001", "9007199254740992000000000000000000000002"}, // equal as floats
	}
	for i, pair := range pairs {
		key, other := fmt.Sprintf("row %d", i), fmt.Sprintf("other %d", i)
		older, newer := at(pair[0], up(key, 1), up(other, 1)), at(pair[1], up(key, 2), del(other))
		for _, r := range []record{older, newer, older} {
			if err := s.deliver(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// shuffled delivers the parts of a history in random orders. The seed is fixed: a failure can be repeated.
func shuffled[R any](ctx context.Context, s *suite[R]) error {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 12 {
		parts := split(random, story(fmt.Sprintf("round %d ", round)))
		parts = append(parts, parts[random.IntN(len(parts))])
		random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		for _, part := range parts {
			if err := s.deliver(ctx, part...); err != nil {
				return err
			}
		}
	}
	return nil
}

func split(random *rand.Rand, records []record) [][]record {
	var parts [][]record
	for len(records) > 0 {
		n := 1 + random.IntN(min(3, len(records)))
		parts = append(parts, records[:n:n])
		records = records[n:]
	}
	return parts
}
