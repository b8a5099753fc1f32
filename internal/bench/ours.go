package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/internal/bench/order"
	"github.com/dynasink/dynasink/internal/streamjson"
	"github.com/dynasink/dynasink/mapping"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/dynasink/dynasink/sink/sqlsink/pgxwire"
)

// guards are the ways to keep old deliveries from overwriting newer ones.
var guards = []struct {
	name   string
	option sqlsink.TableOption
}{
	{"softdelete", sqlsink.SoftDelete("deleted_at", "")},
	{"tombstones", sqlsink.Tombstones("")},
	{"unguarded", nil},
}

func newTarget(pool *sqlx.DB, guard sqlsink.TableOption) (sink.Target[flat], error) {
	var opts []sqlsink.Option
	if pool.DriverName() == "pgx" {
		opts = append(opts, pgxwire.Pipeline())
	}
	db, err := sqlsink.New(pool, opts...)
	if err != nil {
		return nil, err
	}
	if guard != nil {
		return sqlsink.NewTable[flat](db, order.Table, guard)
	}
	table, err := sqlsink.NewTable[numbered](db, order.Table, sqlsink.Unguarded())
	return blind{table}, err
}

// numbered is the row that guarded routes leave, so that the guard is all that they have more to do.
type numbered struct {
	flat
	Sequence string `db:"stream_sequence"`
}

// blind writes numbered rows and compares no numbers.
type blind struct{ *sqlsink.Table[numbered] }

func (t blind) Upsert(b *sink.Batch, row flat) {
	sequence, err := sink.PadSequence(b.Origin().Sequence)
	if err != nil {
		b.Fail(err)
		return
	}
	t.Table.Upsert(b, numbered{row, sequence})
}

func (t blind) Delete(b *sink.Batch, key flat) { t.Table.Delete(b, numbered{flat: key}) }

func (t blind) SameKey(x, y flat) bool { return t.Table.SameKey(numbered{flat: x}, numbered{flat: y}) }

// stage writes rows as a handler's batch does: staged, then committed.
func stage(ctx context.Context, target sink.Target[flat], changes []change) error {
	u := sink.NewUnit()
	for i := range changes {
		c := &changes[i]
		b := u.Begin(sink.Origin{Source: streamARN, EventID: "e", EventName: string(c.event), Sequence: c.sequence})
		if c.event == handler.Remove {
			target.Delete(b, c.row)
		} else {
			target.Upsert(b, c.row)
		}
		if err := b.End(nil); err != nil {
			return err
		}
	}
	if err := u.Commit(ctx, nil); err != nil {
		return err
	}
	return u.Err()
}

// invoke has a function's handler take the payload.
func invoke(target sink.Target[flat]) func(ctx context.Context, payload []byte) error {
	h := handler.NewDynamoDBEventHandler(handler.Mirror(target), handler.Needs(handler.NewImage))
	return func(ctx context.Context, payload []byte) error {
		response, err := h.Invoke(ctx, payload)
		if err == nil && string(response) != `{"batchItemFailures":[]}` {
			err = fmt.Errorf("response %.200s", response)
		}
		return err
	}
}

// decodeFast is the fast way from a payload to rows, without a handler.
func decodeFast(d *mapping.Decoder[flat], payload []byte) ([]change, error) {
	changes := make([]change, 0, len(payload)/512)
	text := string(payload)
	records, err := streamjson.SplitWith(text, func(record int, image streamjson.Image, at int) (int, bool) {
		if image != streamjson.NewImage {
			return at, false
		}
		for len(changes) <= record {
			changes = append(changes, change{})
		}
		end, err := d.DecodePrefix(text, at, &changes[record].row)
		return end, err == nil
	})
	for len(changes) < len(records) {
		changes = append(changes, change{})
	}
	for i := range records {
		c := &changes[i]
		c.event, c.sequence = handler.EventName(records[i].EventName), records[i].SequenceNumber
		if c.event == handler.Remove {
			err = errors.Join(err, d.DecodeString(records[i].Keys, &c.row))
		}
	}
	return changes, err
}
