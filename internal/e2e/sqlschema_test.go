package e2e

import (
	"database/sql"
	"encoding/json"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// everything has a column of each type that DDL knows.
type everything struct {
	Partition string            `db:"partition,key"`
	Sort      string            `db:"sort,key"`
	Number    int               `db:"number,key"`
	Text      string            `db:"text"`
	Maybe     *string           `db:"maybe"`
	Null      sql.NullInt32     `db:"null int"`
	Any       sql.Null[float64] `db:"any"`
	Small     int16             `db:"small"`
	Large     int64             `db:"large"`
	Unsigned  uint32            `db:"unsigned32"`
	Huge      uint64            `db:"unsigned64"`
	Single    float32           `db:"single"`
	Double    float64           `db:"double"`
	Bool      bool              `db:"bool"`
	Bytes     []byte            `db:"bytes,notnull"`
	Hash      [4]byte           `db:"hash"`
	Time      time.Time         `db:"time"`
	Later     *time.Time        `db:"later"`
	Raw       json.RawMessage   `db:"raw"`
	Map       map[string]int    `db:"map"`
	List      []string          `db:"list"`
	Struct    point             `db:"struct"`
	Address   netip.Addr        `db:"address"`
	Exact     *big.Int          `db:"exact,type=DECIMAL(38,0)"`
	Interface any               `db:"interface"`
	Valuer    byValue           `db:"valuer"`
}

func full() everything {
	return everything{
		Partition: "p", Sort: "s", Number: 1, Maybe: ptr("m"), Any: sql.Null[float64]{V: 1.5, Valid: true}, Small: -3, Large: 1 << 62,
		Unsigned: 1<<32 - 1, Huge: 1<<63 - 1, Single: 0.1, Double: 0.1, Bytes: []byte{0}, Time: moment, Raw: json.RawMessage(`[]`),
		List: []string{"a"}, Exact: big.NewInt(7), Interface: "i",
	}
}

// numbered is a row of a list, bare one without a key.
type (
	numbered struct {
		Partition string `db:"partition,owner"`
		Sort      string `db:"sort,owner"`
		Of        int    `db:"of,owner"`
		Number    int    `db:"number,key"`
		Text      string `db:"text"`
	}
	bare struct {
		Partition string `db:"partition,owner"`
		Sort      string `db:"sort,owner"`
		Of        int    `db:"of,owner"`
		Text      string `db:"text"`
	}
	plainKey struct {
		ID string `db:"id,key"`
		V  string `db:"v"`
	}
	binaryKey struct {
		ID []byte `db:"id,key"`
		N  int64  `db:"n"`
	}
)

// TestWhatDDLMakesIsWhatPreflightWants, and what the targets can write to.
func TestWhatDDLMakesIsWhatPreflightWants(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, _ *sqlsink.DB) {
		db, err := sqlsink.New(pool, sqlsink.FunctionsUsed())
		if err != nil {
			t.Fatal(err)
		}
		live := table[everything](t, db, "live")
		soft := table[everything](t, db, "soft rows", sqlsink.SoftDelete("gone", "seq"))
		versioned := table[binaryKey](t, db, "versioned", sqlsink.GuardVersion("n"))
		free := table[plainKey](t, db, "free", sqlsink.Unguarded())
		lines, err := sqlsink.NewChildren[everything, numbered](db, "lines")
		if err != nil {
			t.Fatal(err)
		}
		bares, err := sqlsink.NewChildren[everything, bare](db, "bares")
		if err != nil {
			t.Fatal(err)
		}
		history, err := sqlsink.NewAppend[everything](db, "history", sqlsink.SequenceIn("at"), sqlsink.EventNameIn("change"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time there is nothing to do
			for _, statement := range slices.Concat(db.DDL(), live.DDL(), soft.DDL(), versioned.DDL(), free.DDL(), lines.DDL(), bares.DDL(), history.DDL()) {
				execute(t, pool, statement)
			}
			if err := db.Preflight(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		row := full()
		stageOne(t, func(b *sink.Batch) {
			live.Upsert(b, row)
			soft.Upsert(b, row)
			soft.Delete(b, everything{Partition: "never written"})
			history.Delete(b, row)
			lines.Replace(b, row, numbered{"p", "s", 1, 1, "x"}, numbered{"p", "s", 1, 2, "x"})
			bares.Replace(b, row, bare{"p", "s", 1, "x"}, bare{"p", "s", 1, "x"})
			versioned.Upsert(b, binaryKey{[]byte{0xff, 0}, 7})
			for _, id := range []string{"A", "a", "a ", "\u00e1", "a\u0301", strings.Repeat("k", 2048)} {
				free.Upsert(b, plainKey{id, "v"})
			}
		})
		var n int
		if err := pool.GetContext(t.Context(), &n, "SELECT COUNT(*) FROM free"); err != nil || n != 6 {
			t.Errorf("%d of 6 keys are apart, %v", n, err)
		}
	})
}
