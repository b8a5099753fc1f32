package sinktest

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Cases about one batch as a whole.
func batchCases[R any]() []testCase[R] {
	return []testCase[R]{
		{"many rows", "a batch of more rows than fit into one statement is written whole", 0, manyRows[R]},
		{"subsets", "a commit of some records writes theirs, and a later one writes the rest", 0, subsets[R]},
		{"function between rows", "a record may write a row before and after a function of its own; the last write counts, also when redelivered", keyed | act, functionBetween[R]},
		{"concurrent batches", "batches that are committed at once lose no row, and no error of their meeting is unmarked", 0, concurrent[R]},
	}
}

func manyRows[R any](ctx context.Context, s *suite[R]) error {
	const many = 2600
	var first, second []step
	for i := range many {
		key := fmt.Sprintf("row %04d", i*7%many)
		first = append(first, up(key, 1))
		switch i % 3 {
		case 0:
			second = append(second, up(key, 2))
		case 1:
			second = append(second, del(key))
		}
	}
	if err := s.deliver(ctx, each(first...)...); err != nil {
		return err
	}
	if err := s.deliver(ctx, each(second...)...); err != nil {
		return err
	}
	return s.deliver(ctx, deletesOf(first)...)
}

func deletesOf(all []step) []record {
	var records []record
	for _, st := range all {
		records = append(records, rec(del(st.key)))
	}
	return records
}

// subsets commits one unit piece by piece: what the batch loop does with prefixes, held-back items and bisections.
func subsets[R any](ctx context.Context, s *suite[R]) error {
	records := each(up("a", 1), up("b", 1), up("a", 2), up("c", 1), del("b"), up("d", 1), up("a", 3))
	u, err := s.stage(records...)
	if err != nil {
		return err
	}
	committed := make([]bool, len(records))
	for _, piece := range [][]int{{0, 1}, {0, 1, 2}, {}, {3, 5}, {0, 1, 2, 3, 4, 5, 6}, {0, 1, 2, 3, 4, 5, 6}} {
		keep := make([]bool, len(records))
		for _, i := range piece {
			keep[i] = true
		}
		if err := commit(ctx, u, func(record int) bool { return keep[record] }); err != nil {
			return fmt.Errorf("commit of records %v failed: %w", piece, err)
		}
		for _, i := range piece {
			if !committed[i] {
				s.expect(records[i])
			}
			committed[i] = true
		}
		if err := s.check(ctx, records...); err != nil {
			return fmt.Errorf("commits up to records %v: %w", piece, err)
		}
	}
	return nil
}

func functionBetween[R any](ctx context.Context, s *suite[R]) error {
	runs := 0
	note := step{what: acts, run: func() error { runs++; return nil }}
	records := []record{
		rec(up("a", 1), note, up("a", 2), up("b", 1), note, del("b")),
		rec(up("c", 1)),
		rec(note, del("c"), note, up("c", 2)),
	}
	for range 2 { // the second time is a redelivery
		if err := s.deliver(ctx, records...); err != nil {
			return err
		}
	}
	if runs == 0 {
		return errors.New("the functions staged with Subject.Act were not run")
	}
	return nil
}

// concurrent commits batches that share rows, staged in different orders, from several goroutines at once.
func concurrent[R any](ctx context.Context, s *suite[R]) error {
	const workers, rounds, shared = 6, 5, 8
	errs := make([]error, workers)
	var history sync.Mutex
	var all []record
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for round := range rounds {
				records := meeting(w, round, shared)
				u, err := s.stage(records...)
				if err == nil {
					err = commit(ctx, u, nil)
				}
				errs[w] = errors.Join(errs[w], err)
				history.Lock()
				all = append(all, records...)
				history.Unlock()
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("a batch failed beside others: %w", err)
	}
	return s.checkMeeting(ctx, all)
}

// meeting is a batch that writes rows which all workers write, and one of its own.
func meeting(worker, round, shared int) []record {
	records := []record{rec(up(fmt.Sprintf("own %d", worker), round+1))}
	for i := range shared {
		n := i
		if worker%2 == 1 {
			n = shared - 1 - i
		}
		records = append(records, rec(up(fmt.Sprintf("shared %d", n), 10*round+worker)))
	}
	return records
}

// checkMeeting checks exactly what can be known. Without a guard any worker may have been the last to write a shared
// row; an appending sink mixes the batches.
func (s *suite[R]) checkMeeting(ctx context.Context, all []record) error {
	s.expect(all...)
	if s.features.Guarded && !s.features.Append {
		return s.check(ctx, all...)
	}
	found, err := s.Rows(ctx)
	if err != nil {
		return fmt.Errorf("Subject.Rows failed: %w", err)
	}
	want := len(s.states)
	if s.features.Append {
		want = len(s.appended)
	}
	if len(found) != want {
		return fmt.Errorf("there are %d rows and should be %d", len(found), want)
	}
	for _, row := range found {
		if _, known := s.states[s.Key(row)]; !known || s.name(row) == unknown {
			return fmt.Errorf("row %q is %s", s.Key(row), s.name(row))
		}
	}
	return s.checkOwn(found)
}

// checkOwn checks the rows that one worker alone has written, in its order.
func (s *suite[R]) checkOwn(found []R) error {
	if s.features.Append {
		return nil
	}
	for _, row := range found {
		key := s.Key(row)
		if key[0] == 'o' && !s.Same(row, s.Row(key, s.states[key].version)) {
			return fmt.Errorf("row %q, written by one worker only, should be version %d and is %s", key, s.states[key].version, s.name(row))
		}
	}
	return nil
}
