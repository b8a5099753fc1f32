package sqlsink

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// kinds has a field for each rule of columnType.
type kinds struct {
	ID       string `db:"id,key"`
	Sort     []byte `db:"sort,key"`
	N        int64  `db:"n,key"`
	I8       int8
	I32      int32
	I64      int
	U16      uint16
	U32      uint32
	U64      uint64
	F32      float32
	F64      float64
	B        bool
	Octets   []byte
	Always   []byte `db:"always,notnull"`
	Hash     [4]byte
	T        time.Time
	Pointer  *time.Time
	Null     sql.NullInt32
	Generic  sql.Null[bool]
	JSON     json.RawMessage
	Map      map[string]int
	Slice    []int
	Array    [2]int
	Struct   struct{ X int }
	Text     netip.Addr
	Big      *big.Int
	Any      any
	Valuer   driver.Valuer
	Declared string  `db:"declared,type=NUMERIC(20,4)"`
	Both     *string `db:"both,notnull,type=VARCHAR(9)"`
}

type textPair struct {
	A string `db:"a,key"`
	B string `db:"b,key"`
}

type threeKeys struct {
	A string `db:"a,key"`
	B string `db:"b,key"`
	C int    `db:"c,key"`
	D any    `db:"d,key"`
	E string `db:"e,key,type=CHAR(36)"`
}

type digitVersion struct {
	ID string `db:"id,key"`
	V  string `db:"v"`
}

type loose struct {
	A string `db:"a,owner"`
	B int    `db:"b,owner"`
	V string `db:"v"`
}

func TestGoldenDDL(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
		db := (&fake{}).open(t, d)
		parts, err := NewChildren[wide, part](db, "parts")
		if err != nil {
			t.Fatal(err)
		}
		bag, err := NewChildren[wide, loose](db, "main.bag of parts")
		if err != nil {
			t.Fatal(err)
		}
		history, err := NewAppend[textPair](db, "history")
		if err != nil {
			t.Fatal(err)
		}
		full, err := NewAppend[textPair](db, "full history", EventIn("e"), SequenceIn("s"), EventNameIn("n"))
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString("-- " + d.String() + "\n" + strings.Join(slices.Concat(db.DDL(),
			mustTable[kinds](t, db, "kinds", Unguarded()).DDL(),
			mustTable[textPair](t, db, "shop.two").DDL(),
			mustTable[threeKeys](t, db, "three", SoftDelete("gone", "seq")).DDL(),
			mustTable[digitVersion](t, db, "versioned", GuardVersion("v")).DDL(),
			parts.DDL(), bag.DDL(), history.DDL(), full.DDL()), "\n") + "\n\n")
	}
	compareGolden(t, "testdata/ddl.sql", got.String())
}

func TestIndexNamesFitEveryEngine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("č", 50)
	for _, name := range []string{indexName("t", []string{"a", "b"}), indexName("s."+long, []string{"a"}), indexName(long, []string{long})} {
		if len(name) > 63 || !strings.HasSuffix(name, "_idx") || strings.ContainsRune(name, '\uFFFD') {
			t.Errorf("%q has %d bytes", name, len(name))
		}
	}
}
