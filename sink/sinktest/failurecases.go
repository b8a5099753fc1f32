package sinktest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dynasink/dynasink/sink"
)

// Cases about records and commits that fail.
func failureCases[R any]() []testCase[R] {
	return []testCase[R]{
		{"failed record", "what a failed handler staged is not written, wherever in the batch it is, and others' writes are", 0, failedRecord[R]},
		{"cancelled context", "a commit whose context has ended writes nothing and returns an error that is transient", 0, cancelled[R]},
		{"refused row", "a row that the store refuses fails its commit, and the rest can be committed without it", refusal, refused[R]},
		{"refused row leaves nothing", "a commit that fails because of one row leaves no other row behind", transactional | refusal, refusedAlone[R]},
		{"failed function leaves nothing", "when a function in the transaction fails, no row is visible and the error comes through", transactional | act, failedFunction[R]},
		{"again after a failure", "a unit whose commit failed is committed whole by the next", transactional | act, again[R]},
	}
}

var errCase = errors.New("failed by the suite on purpose")

func failedRecord[R any](ctx context.Context, s *suite[R]) error {
	if err := s.deliver(ctx, record{NextOrigin(), []step{up("a", 1), del("b")}, errCase}); err != nil {
		return err
	}
	if err := s.deliver(ctx, each(up("a", 1), up("b", 1))...); err != nil {
		return err
	}
	return s.deliver(ctx,
		rec(up("a", 2), up("c", 1)),
		record{NextOrigin(), []step{up("a", 3), del("b"), up("d", 1)}, errCase},
		rec(up("e", 1)),
		record{NextOrigin(), []step{up("e", 2), del("c")}, errCase},
	)
}

func cancelled[R any](ctx context.Context, s *suite[R]) error {
	records := each(up("a", 1), up("b", 1), del("a"))
	u, err := s.stage(records...)
	if err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	switch err := u.Commit(ended, nil); {
	case err == nil:
		return errors.New("the commit returned nil")
	case !sink.IsTransient(err):
		return fmt.Errorf("the error is not transient (it does not wrap the context's): %w", err)
	}
	if err := s.check(ctx); err != nil {
		return err
	}
	if err := commit(ctx, u, nil); err != nil {
		return fmt.Errorf("the next commit, in time, failed: %w", err)
	}
	s.expect(records...)
	return s.check(ctx, records...)
}

const refusedKey = "the key of a refused row"

// withRefused is a batch with one row that the store refuses in the middle; its index is 2.
func withRefused[R any](s *suite[R]) ([]record, *sink.Unit, error) {
	records := each(up("a", 1), up("b", 1), step{what: refuses, key: refusedKey}, up("z", 1))
	u, err := s.stage(records...)
	return records, u, err
}

func others(record int) bool { return record != 2 }

func refused[R any](ctx context.Context, s *suite[R]) error {
	records, u, err := withRefused(s)
	if err != nil {
		return err
	}
	if err := checkRefusal(commit(ctx, u, nil)); err != nil {
		return err
	}
	if err := commit(ctx, u, others); err != nil {
		return fmt.Errorf("commit of the other records failed: %w", err)
	}
	s.expect(records...)
	return s.check(ctx, records...)
}

func checkRefusal(err error) error {
	var at *sink.RecordError
	switch {
	case err == nil:
		return errors.New("the commit returned nil: is Subject.Refused a row that the store refuses?")
	case sink.IsTransient(err):
		return fmt.Errorf("the error is transient, so the batch loop would try until its deadline: %w", err)
	case errors.As(err, &at) && at.Origin.Index != 2:
		return fmt.Errorf("the error blames record %d, and record 2 staged the row: %w", at.Origin.Index, err)
	case strings.Contains(err.Error(), refusedKey):
		return fmt.Errorf("the error holds a value of the row, which ends up in logs: %w", err)
	}
	return nil
}

func refusedAlone[R any](ctx context.Context, s *suite[R]) error {
	if err := s.deliver(ctx, rec(up("a", 9), up("c", 9))); err != nil {
		return err
	}
	_, u, err := withRefused(s)
	if err != nil {
		return err
	}
	if err := commit(ctx, u, nil); err == nil {
		return errors.New("the commit returned nil: is Subject.Refused a row that the store refuses?")
	}
	return s.check(ctx)
}

// failing is a function that fails as long as *broken.
func failing(broken *bool) step {
	return step{what: acts, run: func() error {
		if *broken {
			return errCase
		}
		return nil
	}}
}

func failedFunction[R any](ctx context.Context, s *suite[R]) error {
	if err := s.deliver(ctx, each(up("a", 1), up("b", 1))...); err != nil {
		return err
	}
	broken := true
	u, err := s.stage(rec(up("a", 2), up("c", 1)), rec(failing(&broken)), rec(del("b"), up("d", 1)))
	if err != nil {
		return err
	}
	if err := fails(ctx, u); err != nil {
		return err
	}
	return s.check(ctx)
}

// fails commits u, whose function fails.
func fails(ctx context.Context, u *sink.Unit) error {
	switch err := commit(ctx, u, nil); {
	case err == nil:
		return errors.New("the commit returned nil although a function failed")
	case !errors.Is(err, errCase):
		return fmt.Errorf("the error of the commit does not wrap the function's: %w", err)
	}
	return nil
}

func again[R any](ctx context.Context, s *suite[R]) error {
	if err := s.deliver(ctx, each(up("a", 1), up("b", 1))...); err != nil {
		return err
	}
	broken := true
	records := []record{rec(up("a", 2), up("c", 1)), rec(failing(&broken)), rec(del("b"), up("a", 3))}
	u, err := s.stage(records...)
	if err != nil {
		return err
	}
	for range 2 {
		if err := fails(ctx, u); err != nil {
			return err
		}
	}
	broken = false
	if err := commit(ctx, u, nil); err != nil {
		return fmt.Errorf("the commit after the failed ones failed: %w", err)
	}
	s.expect(records...)
	return s.check(ctx, records...)
}
