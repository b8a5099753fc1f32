package sqlsink

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink"
)

// probed are the rows that a server answers the probe with.
func probed(longest int64, client, connection string, times ...string) map[string][][]driver.Value {
	row := []driver.Value{longest, client, connection}
	for i, t := range probeTimes {
		text := t.Format("2006-01-02 15:04:05.999999999")
		if i < len(times) {
			text = times[i]
		}
		row = append(row, text)
	}
	return map[string][][]driver.Value{"SELECT @@max_allowed_packet": {row}}
}

func newTexts() *fake { return &fake{texts: true, rows: probed(1<<24, "utf8mb4", "utf8mb4")} }

// TestGoldenText compares the text of whole transactions with testdata/mysql_text.sql. Batches with functions are not sent so.
func TestGoldenText(t *testing.T) {
	t.Parallel()
	f := newTexts()
	db := f.open(t, MySQL)
	var got strings.Builder
	for _, c := range goldenCases(t, db)[:5] {
		if err := stage(t, c.stage); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		got.WriteString("-- " + c.name + "\n" + clock.ReplaceAllString(f.statements(), "'NOW'") + "\n\n")
	}
	shared := mustTable[wide](t, db, "orders")
	err := stage(t, func(b *sink.Batch) { shared.Upsert(b, wide{A: "it's"}) })
	got.WriteString("-- no removal\n" + f.statements() + "\n")
	if err != nil {
		t.Error(err)
	}
	compareGolden(t, "testdata/mysql_text.sql", got.String())
}

func TestTextLimitsTheSession(t *testing.T) {
	t.Parallel()
	f := newTexts()
	f.rows["SHOW"] = mysqlDefaults
	db := f.open(t, MySQL)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := db.store.InTx(ctx, gatherOne); err != nil {
		t.Fatal(err)
	}
	const want = "SET SESSION wait_timeout = 60, innodb_lock_wait_timeout = 30;\n" +
		"SET TRANSACTION ISOLATION LEVEL READ COMMITTED;\nSTART TRANSACTION;\nSAVEPOINT dynasink;\n" +
		"one;\n" +
		"SET SESSION wait_timeout = 28800, innodb_lock_wait_timeout = 50;\nCOMMIT"
	if _, got, _ := strings.Cut(f.statements(), "\n"); got != want {
		t.Errorf("executed\n%s", got)
	}
}

func gatherOne(ctx context.Context, t *tx) error {
	return t.exec(ctx, "do one", t.statement().text("one"))
}

func TestTextFails(t *testing.T) {
	t.Parallel()
	const begun, retried = "SET TRANSACTION", "BEGIN Read Committed\none\nCOMMIT"
	const undone = "ROLLBACK TO SAVEPOINT dynasink\nROLLBACK"
	number := func(n uint16) error { return &MySQLError{Number: n} }
	succeeds := func(err error) bool { return err == nil }
	for name, c := range map[string]struct {
		text, savepoint, rollback error
		want                      func(error) bool
		log                       string // after the text
		open                      int    // connections that are kept
	}{
		"deadlock":                 {number(1213), number(1305), nil, sink.IsTransient, undone, 1},
		"lock time-out":            {number(1205), nil, nil, sink.IsTransient, undone, 1},
		"tombstone":                {number(1242), nil, nil, succeeds, undone + "\n" + retried, 1},
		"duplicate":                {number(1062), nil, nil, succeeds, undone + "\n" + retried, 1},
		"reader":                   {number(1290), nil, nil, sink.IsTransient, undone, 0},
		"interrupted before":       {number(1317), nil, nil, sink.IsTransient, undone, 1},
		"interrupted at commit":    {number(1317), number(1305), nil, sink.IsUncertain, undone, 1},
		"server goes down":         {number(1053), io.EOF, io.EOF, sink.IsUncertain, undone, 0},
		"cannot roll back":         {number(1205), nil, io.EOF, sink.IsTransient, undone, 0},
		"answer lost":              {errors.New("invalid connection"), nil, nil, sink.IsUncertain, "", 1},
		"not sent":                 {driver.ErrBadConn, nil, nil, sink.IsTransient, "", 0},
		"too long for the driver":  {errors.New("packet for query is too large"), nil, nil, succeeds, retried, 1},
		"cannot begin without too": {number(1064), number(1305), nil, succeeds, undone + "\n" + retried, 1},
	} {
		f := newTexts()
		f.fail = map[string]error{begun: c.text, "ROLLBACK TO": c.savepoint}
		if c.rollback != nil {
			f.fail["ROLLBACK"] = c.rollback
		}
		db := f.open(t, MySQL)
		err := db.store.InTx(t.Context(), gatherOne)
		_, log, _ := strings.Cut(f.statements(), ";\nCOMMIT")
		if log = strings.TrimPrefix(log, "\n"); !c.want(err) || log != c.log {
			t.Errorf("%s: error %v, then executed\n%s", name, err, log)
		}
		if open := db.store.db.Stats().OpenConnections; open != c.open {
			t.Errorf("%s: %d connections are open", name, open)
		}
	}
}

func TestNothingIsSentWithoutNeed(t *testing.T) {
	t.Parallel()
	f := newTexts()
	db := f.open(t, MySQL)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.store.InTx(ctx, func(ctx context.Context, t *tx) error {
		defer cancel()
		return gatherOne(ctx, t)
	})
	if log := f.statements(); !errors.Is(err, context.Canceled) || log != "" {
		t.Errorf("error %v, executed %q", err, log)
	}
	err = db.store.InTx(t.Context(), func(context.Context, *tx) error { return errPlain })
	if log := f.statements(); !errors.Is(err, errPlain) || log != "" {
		t.Errorf("error %v, executed %q", err, log)
	}
}

func TestWhereTextsAreSent(t *testing.T) {
	t.Parallel()
	const open = "BEGIN Read Committed\none\nCOMMIT"
	for name, c := range map[string]struct {
		texts bool
		rows  map[string][][]driver.Value
	}{
		"one statement at a time": {false, probed(1<<24, "utf8mb4", "utf8mb4")},
		"no answer":               {true, nil},
		"latin1":                  {true, probed(1<<24, "latin1", "utf8mb4")},
		"kept as latin1":          {true, probed(1<<24, "utf8mb4", "latin1")},
		"local time":              {true, probed(1<<24, "utf8mb4", "utf8mb4", probeTimes[0].String(), "2026-01-02 04:04:05.123456789")},
		"cut times":               {true, probed(1<<24, "utf8mb4", "utf8mb4", "1880-01-02 03:04:05.123")},
		"small packets":           {true, probed(1024+10, "utf8mb4", "utf8mb4")},
	} {
		f := &fake{texts: c.texts, rows: c.rows}
		db := f.open(t, MySQL)
		for range 2 {
			err := db.store.InTx(t.Context(), gatherOne)
			if log := f.statements(); err != nil || log != open {
				t.Errorf("%s: error %v, executed\n%s", name, err, log)
			}
		}
	}
}

func TestProbeIsAskedAgainAfterALostConnection(t *testing.T) {
	t.Parallel()
	f := newTexts()
	f.fail = map[string]error{"DO 0": io.EOF}
	db := f.open(t, MySQL)
	if err := db.store.InTx(t.Context(), gatherOne); !sink.IsTransient(err) {
		t.Errorf("error %v", err)
	}
	f.fail = nil
	err := db.store.InTx(t.Context(), gatherOne)
	if log := f.statements(); err != nil || !strings.HasSuffix(log, "\none;\nCOMMIT") {
		t.Errorf("error %v, executed\n%s", err, log)
	}
}
