package sqlsink

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
	"github.com/jmoiron/sqlx"
)

func TestTransactionEnds(t *testing.T) {
	t.Parallel()
	const begun = "BEGIN Read Committed\n"
	for name, c := range map[string]struct {
		fail map[string]error
		fn   func() error
		log  string
		want func(error) bool
	}{
		"commits":          {nil, func() error { return nil }, begun + "COMMIT", func(err error) bool { return err == nil }},
		"rolls back":       {nil, func() error { return errPlain }, begun + "ROLLBACK", func(err error) bool { return errors.Is(err, errPlain) && !sink.IsTransient(err) }},
		"panics":           {nil, func() error { panic("own") }, begun + "ROLLBACK", func(err error) bool { return err != nil && strings.Contains(err.Error(), "panic") }},
		"cannot begin":     {map[string]error{"BEGIN": driver.ErrBadConn}, nil, "", sink.IsTransient},
		"cannot connect":   {map[string]error{"CONNECT": io.EOF}, nil, "", sink.IsTransient},
		"begin is refused": {map[string]error{"BEGIN": pgError("53300")}, nil, "BEGIN Read Committed", sink.IsTransient},
		"answer is lost":   {map[string]error{"COMMIT": io.ErrUnexpectedEOF}, func() error { return nil }, begun + "COMMIT", sink.IsUncertain},
		"killed at commit": {map[string]error{"COMMIT": pgError("57P01")}, func() error { return nil }, begun + "COMMIT", sink.IsUncertain},
		"refused":          {map[string]error{"COMMIT": pgError("40001")}, func() error { return nil }, begun + "COMMIT", sink.IsTransient},
		"refused for good": {map[string]error{"COMMIT": pgError("23503")}, func() error { return nil }, begun + "COMMIT", sink.IsPermanent},
		"ignored error": {map[string]error{"COMMIT": errors.New("commit unexpectedly resulted in rollback")}, func() error { return nil },
			begun + "COMMIT", func(err error) bool { return err != nil && !sink.IsUncertain(err) && !sink.IsTransient(err) }},
	} {
		f := &fake{fail: c.fail}
		db := f.open(t, PostgreSQL)
		err := stage(t, func(b *sink.Batch) {
			db.AtLeastOnce(b, func(context.Context, *sqlx.Tx) error { return c.fn() })
		})
		if log := f.statements(); !c.want(err) || c.log != "" && log != c.log {
			t.Errorf("%s: error %v, executed\n%s", name, err, log)
		}
	}
}

func TestCommitErrorsOfOtherEngines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect Dialect
		err     error
		want    func(error) bool
	}{
		{MySQL, &MySQLError{Number: 1213}, sink.IsTransient},
		{MySQL, &MySQLError{Number: 1053}, sink.IsUncertain},
		{MySQL, &MySQLError{Number: 1317}, sink.IsUncertain},
		{MySQL, errors.New("invalid connection"), sink.IsUncertain},
		{SQLite, mattnError{5, 261}, sink.IsTransient},
		{SQLite, moderncError(10), sink.IsUncertain},
	} {
		f := &fake{fail: map[string]error{"COMMIT": c.err}}
		db := f.open(t, c.dialect)
		if err := stage(t, func(b *sink.Batch) { db.AtLeastOnce(b, nothing) }); !c.want(err) {
			t.Errorf("%v: %v became %v", c.dialect, c.err, err)
		}
	}
}

func nothing(context.Context, *sqlx.Tx) error { return nil }

func TestChunksFitAStatement(t *testing.T) {
	t.Parallel()
	rows := func(n, size int) *grid {
		g := newGrid(3, n)
		for range n {
			g.add(textOf(strings.Repeat("x", size)), octetsOf([]byte("y")), integerOf(1))
		}
		return g
	}
	for _, c := range []struct {
		rows *grid
		most int
		want []int
	}{
		{rows(0, 1), 10, nil},
		{rows(25, 1), 10, []int{10, 10, 5}},
		{rows(2500, 1), maxRows, []int{1000, 1000, 500}},
		{rows(3, 1), 0, []int{1, 1, 1}},
		{rows(5, maxBytes/2-100), 10, []int{2, 2, 1}},
		{rows(2, maxBytes+1), 10, []int{1, 1}},
	} {
		var got []int
		for chunk := range c.rows.chunks(c.most, maxBytes) {
			got = append(got, chunk.rows())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d rows, at most %d: %v, want %v", c.rows.rows(), c.most, got, c.want)
		}
	}
}
