package sqlsink

import (
	"context"
	"database/sql/driver"
	"errors"
)

// each runs one prepared statement for every row of a grid.
func (t *tx) each(ctx context.Context, doing, text string, rows *grid) error {
	return t.rowByRow(ctx, doing, []string{text}, rows.rows(), rows.next)
}

// next is a nextRow.
func (g *grid) next(i int, cells []datum) (int, []datum, error) {
	return 0, append(cells, g.row(i)...), nil
}

// nextRow appends the cells of the i-th row, and says which of some statements takes them.
type nextRow func(i int, cells []datum) (statement int, _ []datum, err error)

// rowByRow runs prepared statements, one for each of n rows: SQLite's fastest form. Rows are read a few at a time, just before
// they are written: ten thousand of them take megabytes, and to go through these twice costs more than anything else here.
//
// An error of next is returned as it is.
func (t *tx) rowByRow(ctx context.Context, doing string, texts []string, n int, next nextRow) error {
	raw := func(f func(driver.Conn) error) error { return t.raw(doing, f) }
	return writeRows(ctx, raw, texts, n, next)
}

func writeRows(ctx context.Context, raw func(f func(driver.Conn) error) error, texts []string, n int, next nextRow) (err error) {
	w := rowWriter{texts: texts, prepared: make([]driver.Stmt, len(texts))}
	defer func() {
		if failed := raw(w.close); err == nil {
			err = failed
		}
	}()
	for i := 0; i < n; {
		// The user's code runs in next, and so out here: see tx.raw.
		if i, err = w.read(i, n, next); err != nil {
			return err
		}
		if err = raw(func(dc driver.Conn) error { return w.write(ctx, dc) }); err != nil {
			return err
		}
	}
	return nil
}

// raw goes to the driver itself, because database/sql costs as much as a row does: it converts, copies and locks, and both drivers
// start a goroutine for each call whose context may end.
//
// f must not run the user's code. When f ends its goroutine, database/sql waits for the transaction's end before it gives up the
// connection, and whoever would end it is waiting too. A panic is passed on outside.
func (t *tx) raw(doing string, f func(dc driver.Conn) error) error {
	var err error
	var panicked any
	failed := t.conn.Raw(func(dc any) error {
		defer func() { panicked = recover() }()
		err = f(dc.(driver.Conn))
		return nil
	})
	if panicked != nil {
		panic(panicked)
	}
	if err == nil {
		err = failed
	}
	return t.store.wrap(doing, err)
}

// rowWriter writes some rows at a time.
type rowWriter struct {
	texts    []string
	prepared []driver.Stmt // as they are needed
	rows     []pendingRow
	cells    []datum // of all rows, one after the other
	args     []driver.NamedValue
}

// pendingRow is a row that has been read and not written.
type pendingRow struct{ statement, cells int }

// read reads rows from the i-th on, and returns the index of the first that it leaves.
func (w *rowWriter) read(i, n int, next nextRow) (_ int, err error) {
	const most = 256 // stay in the processor's cache
	w.rows, w.cells = w.rows[:0], w.cells[:0]
	for ; i < n && len(w.rows) < most; i++ {
		before, at := len(w.cells), 0
		if at, w.cells, err = next(i, w.cells); err != nil {
			return i, err
		}
		w.rows = append(w.rows, pendingRow{at, len(w.cells) - before})
	}
	return i, nil
}

func (w *rowWriter) write(ctx context.Context, dc driver.Conn) error {
	cells := w.cells
	for _, r := range w.rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.prepared[r.statement] == nil {
			p, err := prepare(dc, w.texts[r.statement])
			if err != nil {
				return err // and p may hold a nil pointer, which is no nil
			}
			w.prepared[r.statement] = p
		}
		w.args = w.args[:0]
		for i := range cells[:r.cells] {
			w.args = append(w.args, driver.NamedValue{Ordinal: i + 1, Value: cells[i].arg(SQLite)})
		}
		cells = cells[r.cells:]
		if err := execute(w.prepared[r.statement], w.args); err != nil {
			return err
		}
	}
	return nil
}

func (w *rowWriter) close(driver.Conn) (err error) {
	for _, p := range w.prepared {
		if p != nil {
			err = errors.Join(err, p.Close())
		}
	}
	return err
}

// prepare and execute do what database/sql does with a driver, new or old, but give it no context that ends.

func prepare(dc driver.Conn, text string) (driver.Stmt, error) {
	if p, ok := dc.(driver.ConnPrepareContext); ok {
		return p.PrepareContext(context.Background(), text)
	}
	return dc.Prepare(text)
}

func execute(s driver.Stmt, args []driver.NamedValue) error {
	if e, ok := s.(driver.StmtExecContext); ok {
		_, err := e.ExecContext(context.Background(), args)
		return err
	}
	values := make([]driver.Value, len(args))
	for i := range args {
		values[i] = args[i].Value
	}
	//lint:ignore SA1019 an old driver has nothing else
	_, err := s.Exec(values) //nolint:staticcheck // an old driver has nothing else
	return err
}
