package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// storm is a stream of changes that use everything that is exact under redelivery, and what it must lead to.
type storm struct {
	pool     *sqlx.DB
	db       *sqlsink.DB
	rows     *sqlsink.Table[cell[int]]
	soft     *sqlsink.Table[cell[int]]
	children *sqlsink.Children[cell[int], line]
}

type line struct {
	Owner  string `db:"owner,owner"`
	Number int    `db:"number,key"`
	Text   string `db:"text"`
}

const stormRecords, stormKeys = 24, 4

func stormKey(record int) string { return fmt.Sprint("key ", record%stormKeys) }

func removes(record int) bool { return record/stormKeys%3 == 2 }

func newStorm(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) *storm {
	t.Helper()
	id := "id " + keyType(db.Dialect()) + " PRIMARY KEY, v INT"
	execute(t, pool, "CREATE TABLE live ("+id+", stream_sequence CHAR(40))")
	execute(t, pool, "CREATE TABLE soft ("+id+", stream_sequence CHAR(40), gone TIMESTAMP NULL)")
	execute(t, pool, "CREATE TABLE counters ("+id+")")
	execute(t, pool, "CREATE TABLE states ("+id+")")
	execute(t, pool, "CREATE TABLE list_rows (owner "+keyType(db.Dialect())+", number INT, text VARCHAR(99), PRIMARY KEY (owner, number))")
	for key := range stormKeys {
		execute(t, pool, "INSERT INTO counters VALUES ('"+stormKey(key)+"', 0)")
		execute(t, pool, "INSERT INTO states VALUES ('"+stormKey(key)+"', -1)")
	}
	children, err := sqlsink.NewChildren[cell[int], line](db, "list_rows")
	if err != nil {
		t.Fatal(err)
	}
	return &storm{pool, db, table[cell[int]](t, db, "live"), table[cell[int]](t, db, "soft", sqlsink.SoftDelete("gone", "")), children}
}

// stage is the handler of a record.
func (s *storm) stage(b *sink.Batch, record int) {
	row := cell[int]{stormKey(record), record}
	if removes(record) {
		s.rows.Delete(b, row)
		s.soft.Delete(b, row)
	} else {
		s.rows.Upsert(b, row)
		s.soft.Upsert(b, row)
	}
	s.db.Once(b, "count", func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, tx.Rebind("UPDATE counters SET v = v + 1 WHERE id = ?"), row.ID)
		return err
	}, sqlsink.Independent())
	if record%5 == 0 { // a barrier
		s.db.Once(b, "count ten", func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, tx.Rebind("UPDATE counters SET v = v + 10 WHERE id = ?"), row.ID)
			return err
		})
	}
	s.db.Newest(b, "state", row.ID, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, tx.Rebind("UPDATE states SET v = ? WHERE id = ?"), record, row.ID)
		return err
	}, sqlsink.Independent())
	var lines []line
	for n := range record % 3 {
		lines = append(lines, line{row.ID, n, fmt.Sprint(record)})
	}
	s.children.Replace(b, row, lines...)
}

// deliver delivers records as Lambda does, until they are committed.
func (s *storm) deliver(ctx context.Context, records []int) (repeated int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for ; ; repeated++ {
		err := s.deliverOnce(ctx, records)
		if err == nil || !sink.IsTransient(err) && !sink.IsUncertain(err) || !backoff(ctx, repeated) {
			return repeated, err
		}
	}
}

func (s *storm) deliverOnce(ctx context.Context, records []int) error {
	u := sink.NewUnit()
	for _, r := range records {
		b := u.Begin(sink.Origin{Source: "arn", EventID: fmt.Sprint("event ", r), Sequence: sequenceOf(r)})
		s.stage(b, r)
		if err := b.End(nil); err != nil {
			return err
		}
	}
	return u.Commit(ctx, nil)
}

// backoff waits before the next try as a handler does: at random, and longer each time, so that deliveries which stopped
// each other do not meet again. It reports whether there is time for another try.
func backoff(ctx context.Context, attempt int) bool {
	wait := min(10*time.Millisecond<<min(attempt, 10), time.Second)
	timer := time.NewTimer(wait + rand.N(wait))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// sequenceOf gives numbers of different lengths, which compare as texts the wrong way round.
func sequenceOf(record int) string {
	if record < stormRecords/2 {
		return fmt.Sprintf("9%020d", record)
	}
	return fmt.Sprintf("1%038d", record)
}

// model prints the state after all records have been applied once and in order.
func model() string {
	counters, states, rows, lines := map[string]int{}, map[string]int{}, map[string]int{}, map[string][]string{}
	for r := range stormRecords {
		key := stormKey(r)
		counters[key]++
		if r%5 == 0 {
			counters[key] += 10
		}
		states[key] = r
		rows[key] = r
		if removes(r) {
			delete(rows, key)
		}
		lines[key] = nil
		for n := range r % 3 {
			lines[key] = append(lines[key], fmt.Sprint(key, "/", n, "/", r))
		}
	}
	var all []string
	for _, l := range lines {
		all = append(all, l...)
	}
	slices.Sort(all)
	return fmt.Sprint("counters ", counters, "\nstates ", states, "\nlive ", rows, "\nsoft ", rows, "\nlines ", all)
}

func (s *storm) state(t *testing.T) string {
	t.Helper()
	read := func(query string) map[string]int {
		var cells []cell[int]
		if err := s.pool.SelectContext(t.Context(), &cells, query); err != nil {
			t.Fatal(err)
		}
		m := map[string]int{}
		for _, c := range cells {
			m[c.ID] = c.V
		}
		return m
	}
	var lines []line
	if err := s.pool.SelectContext(t.Context(), &lines, "SELECT owner, number, text FROM list_rows ORDER BY owner, number"); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, l := range lines {
		all = append(all, fmt.Sprint(l.Owner, "/", l.Number, "/", l.Text))
	}
	return fmt.Sprint("counters ", read("SELECT id, v FROM counters"), "\nstates ", read("SELECT id, v FROM states"),
		"\nlive ", read("SELECT id, v FROM live"), "\nsoft ", read("SELECT id, v FROM soft WHERE gone IS NULL"), "\nlines ", all)
}

func upToRecord(from, to int) (records []int) {
	for r := from; r < to; r++ {
		records = append(records, r)
	}
	return records
}

// TestRedeliveredSuffixes delivers the stream, and then every suffix of it again.
func TestRedeliveredSuffixes(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		pool.SetMaxOpenConns(1) // one is enough
		s := newStorm(t, pool, db)
		for from := range stormRecords {
			if _, err := s.deliver(t.Context(), upToRecord(from, stormRecords)); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.state(t); got != model() {
			t.Errorf("got\n%s\nwant\n%s", got, model())
		}
	})
}

// TestConcurrentDeliveriesConverge has four invocations deliver overlapping parts of the stream at once, each in an order
// of its own. Deadlocks come back as transient errors, and are delivered again.
func TestConcurrentDeliveriesConverge(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		s := newStorm(t, pool, db)
		var wait sync.WaitGroup
		for worker := range 4 {
			wait.Go(func() {
				random, repeated := rand.New(rand.NewPCG(uint64(worker), 7)), 0
				for round := range 5 {
					from := random.IntN(stormRecords)
					records := upToRecord(from, from+1+random.IntN(stormRecords-from))
					if round == 4 {
						records = upToRecord(0, stormRecords)
					}
					again, err := s.deliver(t.Context(), records)
					if repeated += again; err != nil {
						t.Errorf("worker %d: %v", worker, err)
						return
					}
				}
				t.Logf("worker %d: %d transactions were repeated", worker, repeated)
			})
		}
		wait.Wait()
		if got := s.state(t); got != model() && !t.Failed() {
			t.Errorf("got\n%s\nwant\n%s", got, model())
		}
	})
}
