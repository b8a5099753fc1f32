package sqlsink

import (
	"context"
	"fmt"

	"github.com/dynasink/dynasink/sink"
)

// Evolution is what [DB.Preflight] may do about a database that is not what the targets need.
type Evolution uint8

const (
	// CheckOnly lets it change nothing. It is the default.
	CheckOnly Evolution = iota
	// AddColumns lets it add columns that a table lacks, always nullable, and create the library's own tables. Columns are
	// never changed or dropped, and no table of the user's is created: whatever else is wrong is an error as without it.
	AddColumns
)

// Evolve sets what [DB.Preflight] may do. With [AddColumns] a row type can gain fields without a migration: the columns
// are there after the next cold start, and NULL in the rows that were there before. Several functions may start at once; a column
// that another has added meanwhile is as good. The user needs the right to alter the table, and on a busy table the engine
// may let the statement wait for long transactions, and others behind it.
func Evolve(e Evolution) Option {
	return option(func(s *store) { s.evolution = e })
}

// evolve adds what is missing and looks again, so that it does not matter who has added it. An error of a statement counts
// only if its problem is still there.
func (s *store) evolve(ctx context.Context, specs []*tableSpec, problems []Problem) ([]Problem, error) {
	failed := map[string]error{} // by problem; nil: its statements ran
	for _, p := range problems {
		if p.adds {
			failed[p.String()] = s.run(ctx, p)
		}
	}
	if len(failed) == 0 {
		return problems, nil
	}
	left, err := s.compare(ctx, specs)
	if err != nil {
		return nil, err
	}
	for i, p := range left {
		err := failed[p.String()]
		if sink.IsTransient(err) {
			return nil, err
		}
		if err != nil {
			left[i].Text = fmt.Sprintf("%s, and cannot be added (%v)", p.Text, err)
		}
	}
	return left, nil
}

func (s *store) run(ctx context.Context, p Problem) error {
	for _, statement := range p.Mend {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return s.wrap("evolve "+p.Table, err)
		}
	}
	return nil
}
