package sqlsink

import (
	"context"
	"database/sql/driver"
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

// rowByRow runs prepared statements, one for each of n rows: SQLite's fastest form. It goes to the driver itself, because
// database/sql costs as much as the row does: it converts, copies and locks, and both drivers start a goroutine for each call
// whose context may end. Rows are read when their turn comes, while they are written: ten thousand of them take megabytes, and
// to go through these twice costs more than anything else here.
//
// An error of next is returned as it is.
func (t *tx) rowByRow(ctx context.Context, doing string, texts []string, n int, next nextRow) error {
	var unread, err error
	raw := t.conn.Raw(func(dc any) error {
		err = eachRow(ctx, dc.(driver.Conn), texts, n, func(i int, cells []datum) (at int, _ []datum, _ error) {
			at, cells, unread = next(i, cells)
			return at, cells, unread
		})
		return nil
	})
	if unread != nil {
		return unread
	}
	if err == nil {
		err = raw
	}
	return t.store.wrap(doing, err)
}

func eachRow(ctx context.Context, dc driver.Conn, texts []string, n int, next nextRow) (err error) {
	prepared := make([]driver.Stmt, len(texts)) // when they are needed
	defer func() {
		for _, p := range prepared {
			if p == nil {
				continue
			}
			if failed := p.Close(); err == nil {
				err = failed
			}
		}
	}()
	var cells []datum
	var args []driver.NamedValue
	for i := range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := 0
		if at, cells, err = next(i, cells[:0]); err != nil {
			return err
		}
		if prepared[at] == nil {
			if prepared[at], err = prepare(dc, texts[at]); err != nil {
				return err
			}
		}
		args = args[:0]
		for j := range cells {
			args = append(args, driver.NamedValue{Ordinal: j + 1, Value: cells[j].arg(SQLite)})
		}
		if err := execute(prepared[at], args); err != nil {
			return err
		}
	}
	return nil
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
