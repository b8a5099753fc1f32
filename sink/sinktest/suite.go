package sinktest

import (
	"context"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

// Config describes a sink to [Run].
type Config[R any] struct {
	// Features are what the sink promises. The zero value is a store of rows without a guard.
	Features Features
	// New returns a store without rows and a target of it; it is called once per case, with the case's own t. It may
	// call t.Parallel, t.Cleanup and t.Skip. What a sink keeps beside its rows (tombstones) must be empty too.
	New func(t *testing.T) Subject[R]
}

// Features are promises of a sink. The suite holds it to each one it makes, and leaves out the cases of the others.
type Features struct {
	// Append: every upsert adds an entry and none replaces another (a log, a history table, a delivery stream).
	// Rows then returns one entry per upsert, in the order of staging, and leaves deletes out. Cases about the state
	// of rows are left out. With Guarded, a write that is delivered again is not appended again.
	Append bool
	// Transactional: a commit that fails leaves nothing behind. Needs Subject.Act or Subject.Refused to be seen.
	Transactional bool
	// Guarded: a write applies only if its sequence number is greater than that of its row's last write, deletes
	// included (see sink.GuardedBy). Stale and repeated deliveries change nothing.
	Guarded bool
	// EmptyKey: the empty string is a key like any other. Without it the sink may refuse such a row.
	EmptyKey bool
}

// Subject is a store under test: its target, and a way to make, read and tell apart its rows.
type Subject[R any] struct {
	// Target is what is tested. Its sink commits to an empty store.
	Target sink.Target[R]
	// Rows reads all rows of the store, in any order.
	Rows func(ctx context.Context) ([]R, error)
	// Row makes a state of the row with this key. Versions are small numbers from 0; states of different versions differ.
	Row func(key string, version int) R
	// Key returns the key that a row was made with.
	Key func(row R) string
	// Same reports whether two rows with one key are the same state.
	Same func(a, b R) bool

	// Refused makes a row with this key that can be staged and that the store refuses at commit: a value too long, a
	// broken constraint. Optional; nil skips the cases about it.
	Refused func(key string) R
	// Act stages a function of the user's own in the transaction of Target's sink (sqlsink's AtLeastOnce, or sink.Do).
	// It runs run and passes on its error. Optional; nil skips the cases about it.
	Act func(b *sink.Batch, run func() error)
}

// Run holds a sink to the contract of package sink and to its own promises. Each case is a subtest with a store of its
// own, and explains itself when it fails: what was promised, what was delivered and what was found.
//
// Commits that fail with a [sink.Transient] error are tried again for a while, as the batch loop would; any other error
// counts.
//
// A function that is missing in cfg or in a Subject, and is not optional, ends the test and is named.
func Run[R any](t *testing.T, cfg Config[R]) {
	t.Helper()
	if cfg.New == nil {
		t.Fatal("sinktest: Config.New is nil")
	}
	for _, c := range cases[R]() {
		if cfg.Features.excludes(c.needs) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			s := &suite[R]{Subject: cfg.New(t), features: cfg.Features}
			if lack := s.lack(); lack != "" {
				t.Fatalf("sinktest: Subject.%s is nil", lack)
			}
			if missing := s.missing(c.needs); missing != "" {
				t.Skip(missing)
			}
			if err := c.run(t.Context(), s); err != nil {
				t.Errorf("%s:\n%v", c.promise, err)
			}
		})
	}
}

// testCase is one promise. It returns an error and does not fail a test, so that the suite can be tested on sinks that
// break the promise.
type testCase[R any] struct {
	name    string
	promise string
	needs   need
	run     func(ctx context.Context, s *suite[R]) error
}

// need says which sinks a case is for.
type need uint

const (
	keyed need = 1 << iota // not Append
	guarded
	transactional
	appending
	act
	refusal
)

// excludes reports whether a case is about something that a sink with these features does not promise.
func (f Features) excludes(n need) bool {
	return n&keyed != 0 && f.Append ||
		n&appending != 0 && !f.Append ||
		n&guarded != 0 && (!f.Guarded || f.Append && n&appending == 0) ||
		n&transactional != 0 && !f.Transactional
}

// lack names a field that every subject must have and this one has not.
func (s *Subject[R]) lack() string {
	switch {
	case s.Target == nil:
		return "Target"
	case s.Rows == nil:
		return "Rows"
	case s.Row == nil:
		return "Row"
	case s.Key == nil:
		return "Key"
	case s.Same == nil:
		return "Same"
	}
	return ""
}

// missing says what the subject lacks that the case needs.
func (s *suite[R]) missing(n need) string {
	switch {
	case n&act != 0 && s.Act == nil:
		return "the subject has no Act"
	case n&refusal != 0 && s.Refused == nil:
		return "the subject has no Refused"
	}
	return ""
}

func cases[R any]() []testCase[R] {
	var all []testCase[R]
	for _, some := range [][]testCase[R]{rowCases[R](), batchCases[R](), failureCases[R](), redeliveryCases[R](), guardCases[R]()} {
		all = append(all, some...)
	}
	return all
}
