package sqlsink

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink"
)

// modern is a driver with the interfaces of today; it counts its statements.
type modern struct {
	fakeConn
	prepared, closed int
	executed         []string
	fail             error                 // of Close
	each             func(executed int)    // after a row
	context          func(context.Context) // of a call
}

func (m *modern) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	m.context(ctx)
	if m.f.fail[text] != nil {
		return (*modernStmt)(nil), m.f.fail[text] // as modernc.org/sqlite does
	}
	m.prepared++
	return &modernStmt{fakeStmt{m.f, text}, m}, nil
}

type modernStmt struct {
	fakeStmt
	m *modern
}

func (s *modernStmt) Close() error {
	s.m.closed++
	return s.m.fail
}

func (s *modernStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.m.context(ctx)
	var texts []string
	for i, a := range args {
		if a.Ordinal != i+1 || a.Name != "" {
			return nil, errors.New("a parameter out of order")
		}
		texts = append(texts, a.Value.(string))
	}
	s.m.executed = append(s.m.executed, s.text+" "+strings.Join(texts, " "))
	s.m.each(len(s.m.executed))
	return driver.RowsAffected(1), s.m.f.note(s.text)
}

func newModern(t *testing.T) *modern {
	return &modern{fakeConn: fakeConn{&fake{}}, each: func(int) {}, context: func(ctx context.Context) {
		if ctx.Done() != nil {
			t.Error("the driver has to watch a context")
		}
	}}
}

func gridOf(columns int, cells ...string) *grid {
	g := newGrid(columns, len(cells)/columns)
	for _, c := range cells {
		g.add(textOf(c))
	}
	return g
}

// write writes rows over the connection.
func (m *modern) write(ctx context.Context, texts []string, n int, next nextRow) error {
	return writeRows(ctx, func(f func(driver.Conn) error) error { return f(m) }, texts, n, next)
}

func eachOf(ctx context.Context, m *modern, g *grid) error {
	return m.write(ctx, []string{"one"}, g.rows(), g.next)
}

func TestEachRow(t *testing.T) {
	t.Parallel()
	m := newModern(t)
	if err := eachOf(t.Context(), m, gridOf(2, "a", "b", "c", "d")); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.executed, ", "); got != "one a b, one c d" || m.prepared != 1 || m.closed != 1 {
		t.Errorf("executed %s; %d prepared, %d closed", got, m.prepared, m.closed)
	}
}

// Statements take turns, are prepared when they are first needed, and once.
func TestEachRowOfSeveralStatements(t *testing.T) {
	t.Parallel()
	m := newModern(t)
	rows, which := gridOf(1, "a", "b", "c", "d"), []int{2, 0, 2, 0}
	next := func(i int, cells []datum) (int, []datum, error) { return which[i], append(cells, rows.row(i)...), nil }
	if err := m.write(t.Context(), []string{"one", "two", "three"}, 4, next); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.executed, ", "); got != "three a, one b, three c, one d" || m.prepared != 2 || m.closed != 2 {
		t.Errorf("executed %s; %d prepared, %d closed", got, m.prepared, m.closed)
	}
}

// What cannot be read is an error of its row, and not of the database.
func TestEachRowThatCannotBeRead(t *testing.T) {
	t.Parallel()
	type row struct {
		ID string  `db:"id,key"`
		N  float64 `db:"n"`
	}
	for name, guard := range map[string]TableOption{"put": Unguarded(), "soft delete": SoftDelete("deleted_at", "")} {
		f := &fake{}
		rows := mustTable[row](t, f.open(t, SQLite), "orders", guard)
		err := stage(t, func(b *sink.Batch) {
			rows.Upsert(b, row{"a", 1})
			rows.Upsert(b, row{"b", math.NaN()})
		})
		var e *Error
		if errors.As(err, &e) || !sink.IsPermanent(err) || !strings.Contains(err.Error(), `table orders: column "n"`) {
			t.Errorf("%s: error %v", name, err)
		}
		if log := f.statements(); !strings.HasSuffix(log, "\nROLLBACK") {
			t.Errorf("%s: executed\n%s", name, log)
		}
	}
}

// More rows than are read at a time arrive in their order, and prepare nothing anew.
func TestEachRowOfMany(t *testing.T) {
	t.Parallel()
	const n = 1000
	m, read := newModern(t), 0
	m.each = func(executed int) {
		if ahead := read - executed; ahead >= 500 {
			t.Errorf("%d rows were read before row %d was written", ahead, executed)
		}
	}
	err := m.write(t.Context(), []string{"even", "odd"}, n, func(i int, cells []datum) (int, []datum, error) {
		read++
		return i % 2, append(cells, textOf(fmt.Sprint(i))), nil
	})
	if err != nil || m.prepared != 2 || m.closed != 2 || len(m.executed) != n {
		t.Fatalf("%d rows written, %d statements prepared, %d closed: %v", len(m.executed), m.prepared, m.closed, err)
	}
	for i, got := range m.executed {
		if want := fmt.Sprint([]string{"even ", "odd "}[i%2], i); got != want {
			t.Fatalf("row %d is %q", i, got)
		}
	}
}

// What the driver panics with comes out: within sql.Conn.Raw it would wait for the end of the transaction, and that for it.
func TestAPanicOfTheDriver(t *testing.T) {
	t.Parallel()
	f := &fake{panic: "INSERT"}
	orders := mustTable[keyOnly](t, f.open(t, SQLite), "orders", Unguarded())
	err := stage(t, func(b *sink.Batch) { orders.Upsert(b, keyOnly{"a"}) })
	if err == nil || !strings.Contains(err.Error(), "panic during commit: the driver") {
		t.Errorf("error %v", err)
	}
	if log := f.statements(); !strings.HasSuffix(log, "\nROLLBACK") {
		t.Errorf("executed\n%s", log)
	}
}

func TestEachRowEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	m := newModern(t)
	m.each = func(executed int) {
		if executed == 2 {
			cancel()
		}
	}
	err := eachOf(ctx, m, gridOf(1, "a", "b", "c"))
	if !errors.Is(err, context.Canceled) || len(m.executed) != 2 || m.closed != 1 {
		t.Errorf("error %v after %q; %d closed", err, m.executed, m.closed)
	}
}

func TestEachRowFails(t *testing.T) {
	t.Parallel()
	m := newModern(t)
	m.fail = errPlain
	if err := eachOf(t.Context(), m, gridOf(1, "a")); !errors.Is(err, errPlain) {
		t.Errorf("an error of Close became %v", err)
	}
	m.f.fail = map[string]error{"one": errPlain}
	if err := eachOf(t.Context(), m, gridOf(1, "a")); !errors.Is(err, errPlain) {
		t.Errorf("an error of Prepare became %v", err)
	}
	m.f.fail = map[string]error{"on": mattnError{19, 2067}} // in the statement, and not its text
	if err := eachOf(t.Context(), m, gridOf(1, "a", "b")); !errors.Is(err, mattnError{19, 2067}) || len(m.executed) != 2 {
		t.Errorf("got %v after %q", err, m.executed)
	}
	// A driver as old as database/sql, and the way that the error takes.
	f := &fake{fail: map[string]error{"INSERT": mattnError{19, 2067}}}
	orders := mustTable[keyOnly](t, f.open(t, SQLite), "orders", Unguarded())
	err := stage(t, func(b *sink.Batch) { orders.Upsert(b, keyOnly{"a"}) })
	var e *Error
	if !errors.As(err, &e) || e.Doing != "upsert into orders" || !sink.IsPermanent(err) {
		t.Errorf("error %v", err)
	}
	if log := f.statements(); !strings.HasSuffix(log, "\nROLLBACK") {
		t.Errorf("executed\n%s", log)
	}
}

// A time is written as the layout says that both drivers read.
func TestSQLiteTime(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		{}, time.Unix(0, 0), time.Unix(1768608000, 120_000_000), time.Unix(1768608000, 1), time.Unix(-1, 999_999_999),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600)), time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 5, time.UTC),
	} {
		moment := momentOf(at)
		if got, want := moment.arg(SQLite), at.UTC().Format("2006-01-02 15:04:05.999999999-07:00"); got != want {
			t.Errorf("%v is %v", want, got)
		}
	}
}
