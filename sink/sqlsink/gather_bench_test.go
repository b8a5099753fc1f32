package sqlsink

import (
	"context"
	"database/sql/driver"
	"fmt"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/dynasink/dynasink/sink"
)

type nowhere struct{ bytes int }

func (n *nowhere) Send(_ context.Context, _ any, _ *onetrip.Batch, write func(add func(onetrip.Statement)) error) error {
	return write(func(s onetrip.Statement) {
		n.bytes += len(s.Copy)
		for _, p := range s.Params {
			n.bytes += len(p.Data)
		}
	})
}

type item struct {
	PK      string    `db:"pk,key"`
	SK      string    `db:"sk,key"`
	Status  string    `db:"status"`
	Name    string    `db:"name"`
	Count   int64     `db:"count"`
	Total   float64   `db:"total"`
	Active  bool      `db:"active"`
	Placed  time.Time `db:"placed"`
	Note    string    `db:"note"`
	Version int32     `db:"version"`
}

var itemCatalog = [][]driver.Value{
	{"pk", "25", "text"}, {"sk", "25", "text"}, {"status", "25", "text"}, {"name", "25", "text"}, {"count", "20", "bigint"}, {"total", "701", "double precision"},
	{"active", "16", "boolean"}, {"placed", "1184", "timestamp with time zone"}, {"note", "25", "text"}, {"version", "23", "integer"},
	{"stream_sequence", "1042", "bpchar"}, {"gone", "1184", "timestamp with time zone"},
}

// BenchmarkGather measures what a batch costs before it is sent: staging, compaction, the arrays.
func BenchmarkGather(b *testing.B) {
	const records = 10_000
	for name, guard := range map[string]TableOption{"softdelete": SoftDelete("gone", ""), "tombstones": Tombstones("")} {
		for _, event := range []string{"INSERT", "MODIFY"} {
			b.Run(name+"/"+event, func(b *testing.B) {
				f := &fake{rows: map[string][][]driver.Value{"pg_attribute": itemCatalog}}
				n := &nowhere{}
				db := f.open(b, PostgreSQL, OneTrip(n, 32))
				table := mustTable[item](b, db, "items", guard)
				rows := make([]item, records)
				for i := range rows {
					rows[i] = item{fmt.Sprint("customer#", i), fmt.Sprint("order#", i*7919%records), "PLACED", "somebody", int64(i), float64(i) / 8, true, time.Unix(1_700_000_000, 0), "a short note", 3}
				}
				b.ReportAllocs()
				for b.Loop() {
					u := sink.NewUnit()
					for i := range rows {
						batch := u.Begin(sink.Origin{Source: "arn", EventID: "e", EventName: event, Sequence: "123456789012345678901"})
						table.Upsert(batch, rows[i])
						batch.End(nil)
					}
					if err := u.Commit(b.Context(), nil); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
			})
		}
	}
}
