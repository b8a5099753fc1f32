package sqlsink

import (
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

// TestIsolationOfTheSession: MySQL's batches do not ask for a level, and make sure of it once.
func TestIsolationOfTheSession(t *testing.T) {
	t.Parallel()
	f := &fake{rows: map[string][][]driver.Value{"isolation": {{"transaction_isolation", "READ-COMMITTED"}}}}
	db := f.open(t, MySQL, NoSessionState())
	run(t, db)
	run(t, db)
	log := f.statements()
	if strings.Count(log, "SHOW") != 1 || strings.Count(log, "BEGIN Default") != 2 {
		t.Errorf("executed\n%s", log)
	}
}

// TestAnotherIsolation would let an old upsert win: nothing is written.
func TestAnotherIsolation(t *testing.T) {
	t.Parallel()
	f := &fake{rows: map[string][][]driver.Value{"isolation": {{"tx_isolation", "REPEATABLE-READ"}}}}
	db := f.open(t, MySQL, NoSessionState())
	batch, preflight := stage(t, func(b *sink.Batch) { db.AtLeastOnce(b, nothing) }), db.Preflight(t.Context())
	for _, err := range []error{batch, preflight} {
		if err == nil || !strings.Contains(err.Error(), "add tx_isolation=%27READ-COMMITTED%27") {
			t.Errorf("error %v", err)
		}
	}
	if !sink.IsTransient(batch) || sink.IsTransient(preflight) {
		t.Errorf("the batch's error %v is no reason to set a record aside, and Preflight's error %v none to try again", batch, preflight)
	}
	if log := f.statements(); strings.Contains(log, "BEGIN") {
		t.Errorf("executed\n%s", log)
	}
}

func TestOtherEnginesAskForTheirIsolation(t *testing.T) {
	t.Parallel()
	for d, want := range map[Dialect]string{PostgreSQL: "BEGIN Read Committed\nCOMMIT", SQLite: "BEGIN Default\nSAVEPOINT dynasink\nRELEASE SAVEPOINT dynasink\nCOMMIT"} {
		f := &fake{}
		if run(t, f.open(t, d, NoSessionState())); f.statements() != want {
			t.Errorf("%v: another sequence", d)
		}
	}
}

func TestIsolationThatCannotBeRead(t *testing.T) {
	t.Parallel()
	f := &fake{fail: map[string]error{"isolation": driver.ErrBadConn}}
	db := f.open(t, MySQL, NoSessionState())
	if err := stage(t, func(b *sink.Batch) { db.AtLeastOnce(b, nothing) }); !sink.IsTransient(err) {
		t.Errorf("error %v", err)
	}
}
