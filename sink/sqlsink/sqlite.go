package sqlsink

import (
	"context"
	"database/sql/driver"
	"errors"
)

// each runs one prepared statement for every row of a grid.
func (t *tx) each(ctx context.Context, doing, text string, rows *grid) error {
	return t.rowByRow(ctx, doing, []rowStatement{{text: text}}, rows.rows(), rows.next)
}

// next is a nextRow.
func (g *grid) next(i int, cells []datum) (manner, []datum, error) {
	return manner{}, append(cells, g.row(i)...), nil
}

// rowStatement is a statement that writes a row.
type rowStatement struct {
	text string // takes the cells of the row, in turn

	// update is tried first for a row that is most likely there: an upsert looks for it as an insert does, then to find what
	// is in its way, and then to change that. It takes the cells of the row with these indexes. The text, which is prepared
	// in any case, decides what to do with a row that it has not found. "" is none.
	update string
	cells  []int
}

// manner is how a row is written.
type manner struct {
	statement int  // which of some
	there     bool // the row is most likely in the table
}

// nextRow appends the cells of the i-th row, and says how it is written.
type nextRow func(i int, cells []datum) (manner, []datum, error)

// rowByRow runs prepared statements, one for each of n rows: SQLite's fastest form. Rows are read a few at a time, just before
// they are written: ten thousand of them take megabytes, and to go through these twice costs more than anything else here.
//
// An error of next is returned as it is.
func (t *tx) rowByRow(ctx context.Context, doing string, statements []rowStatement, n int, next nextRow) error {
	raw := func(f func(driver.Conn) error) error { return t.raw(doing, f) }
	return writeRows(ctx, raw, statements, n, next)
}

func writeRows(
	ctx context.Context, raw func(f func(driver.Conn) error) error, statements []rowStatement, n int, next nextRow,
) (err error) {
	w := rowWriter{statements: statements, texts: make([]driver.Stmt, len(statements)), updates: make([]driver.Stmt, len(statements))}
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
	statements     []rowStatement
	texts, updates []driver.Stmt // prepared as they are needed
	rows           []pendingRow
	cells          []datum // of all rows, one after the other
	args           []driver.NamedValue
}

// pendingRow is a row that has been read and not written.
type pendingRow struct {
	manner
	cells int
}

// read reads rows from the i-th on, and returns the index of the first that it leaves.
func (w *rowWriter) read(i, n int, next nextRow) (_ int, err error) {
	const most = 256 // stay in the processor's cache
	w.rows, w.cells = w.rows[:0], w.cells[:0]
	for ; i < n && len(w.rows) < most; i++ {
		row, before := pendingRow{}, len(w.cells)
		if row.manner, w.cells, err = next(i, w.cells); err != nil {
			return i, err
		}
		row.cells = len(w.cells) - before
		w.rows = append(w.rows, row)
	}
	return i, nil
}

func (w *rowWriter) write(ctx context.Context, dc driver.Conn) error {
	cells := w.cells
	for _, r := range w.rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.writeRow(dc, r.manner, cells[:r.cells]); err != nil {
			return err
		}
		cells = cells[r.cells:]
	}
	return nil
}

func (w *rowWriter) writeRow(dc driver.Conn, m manner, row []datum) error {
	s := &w.statements[m.statement]
	text, err := prepared(dc, &w.texts[m.statement], s.text)
	if err != nil {
		return err
	}
	if m.there && s.update != "" {
		update, err := prepared(dc, &w.updates[m.statement], s.update)
		if err != nil {
			return err
		}
		w.args = w.args[:0]
		for _, at := range s.cells {
			w.arg(&row[at])
		}
		if found, err := execute(update, w.args); err != nil || found {
			return err
		}
	}
	w.args = w.args[:0]
	for i := range row {
		w.arg(&row[i])
	}
	_, err = execute(text, w.args)
	return err
}

func (w *rowWriter) arg(cell *datum) {
	w.args = append(w.args, driver.NamedValue{Ordinal: len(w.args) + 1, Value: cell.arg(SQLite)})
}

func (w *rowWriter) close(driver.Conn) (err error) {
	for _, p := range append(w.texts, w.updates...) {
		if p != nil {
			err = errors.Join(err, p.Close())
		}
	}
	return err
}

// prepared prepares a statement unless it has been.
func prepared(dc driver.Conn, p *driver.Stmt, text string) (driver.Stmt, error) {
	if *p == nil {
		made, err := prepare(dc, text)
		if err != nil {
			return nil, err // and made may hold a nil pointer, which is no nil
		}
		*p = made
	}
	return *p, nil
}

// prepare and execute do what database/sql does with a driver, new or old, but give it no context that ends.

func prepare(dc driver.Conn, text string) (driver.Stmt, error) {
	if p, ok := dc.(driver.ConnPrepareContext); ok {
		return p.PrepareContext(context.Background(), text)
	}
	return dc.Prepare(text)
}

// execute reports whether the statement has changed a row.
func execute(s driver.Stmt, args []driver.NamedValue) (changed bool, err error) {
	var result driver.Result
	if e, ok := s.(driver.StmtExecContext); ok {
		result, err = e.ExecContext(context.Background(), args)
	} else {
		values := make([]driver.Value, len(args))
		for i := range args {
			values[i] = args[i].Value
		}
		//lint:ignore SA1019 an old driver has nothing else
		result, err = s.Exec(values) //nolint:staticcheck // an old driver has nothing else
	}
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0 && err == nil, nil
}
