package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

// The ceilings: how fast the engine takes the same rows when nothing is asked but to store them.

const loaded = "pk, sk, name, email, status, qty, total, paid, version, placed_at, stream_sequence, deleted_at"

// deletedAt is when what has been removed was.
var deletedAt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

var postgresSchema = []string{`CREATE TABLE orders (pk text COLLATE "C", sk text COLLATE "C", name text, email text, status text, qty integer,
	total double precision, paid boolean, version bigint, placed_at timestamptz, stream_sequence char(40), deleted_at timestamptz,
	PRIMARY KEY (pk, sk)) WITH (fillfactor=90)`}

var mysqlSchema = []string{"SET GLOBAL local_infile = 1",
	`CREATE TABLE orders (pk varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, sk varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	name text, email text, status varchar(20), qty int, total double, paid boolean, version bigint, placed_at datetime(6),
	stream_sequence char(40) CHARACTER SET ascii COLLATE ascii_bin, deleted_at datetime(6), PRIMARY KEY (pk, sk))`}

var sqliteSchema = []string{`CREATE TABLE orders (pk text NOT NULL, sk text NOT NULL, name text, email text, status text, qty integer, total real,
	paid boolean, version integer, placed_at timestamp, stream_sequence text, deleted_at timestamp, PRIMARY KEY (pk, sk)) WITHOUT ROWID`}

// loadPostgres is COPY in the binary format.
// https://www.postgresql.org/docs/current/sql-copy.html
func loadPostgres(ctx context.Context, pool *sqlx.DB, changes []change, at []int) error {
	rows := append(make(binaryRows, 0, 256*len(changes)+64), "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	for c := range each(changes, at) {
		if err := rows.add(c); err != nil {
			return err
		}
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().PgConn().CopyFrom(ctx, bytes.NewReader(append(rows, 0xff, 0xff)),
			"COPY orders ("+loaded+") FROM STDIN BINARY")
		return err
	})
}

type binaryRows []byte

func (r *binaryRows) add(c *change) error {
	sequence, err := sink.PadSequence(c.sequence)
	if err != nil {
		return err
	}
	b := appendTexts(binary.BigEndian.AppendUint16(*r, 12), c.row.PK, c.row.SK)
	if c.event == handler.Remove {
		for range 8 {
			b = append(b, 0xff, 0xff, 0xff, 0xff) // NULL
		}
		*r = appendTime(appendTexts(b, sequence), deletedAt)
		return nil
	}
	b = appendTexts(b, c.row.Name, c.row.Email, c.row.Status)
	b = binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 4), uint32(c.row.Qty))
	b = binary.BigEndian.AppendUint64(append(b, 0, 0, 0, 8), math.Float64bits(c.row.Total))
	b = append(b, 0, 0, 0, 1, boolean(c.row.Paid))
	b = binary.BigEndian.AppendUint64(append(b, 0, 0, 0, 8), uint64(c.row.Version))
	*r = append(appendTexts(appendTime(b, c.row.Placed), sequence), 0xff, 0xff, 0xff, 0xff)
	return nil
}

func appendTexts(b []byte, texts ...string) []byte {
	for _, s := range texts {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	return b
}

func appendTime(b []byte, t time.Time) []byte {
	const epoch = 946_684_800 // 2000-01-01
	return binary.BigEndian.AppendUint64(append(b, 0, 0, 0, 8), uint64(t.UnixMicro()-epoch*1_000_000))
}

func boolean(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// loadMySQL is LOAD DATA LOCAL INFILE. The rows hold nothing that would have to be escaped.
func loadMySQL(ctx context.Context, pool *sqlx.DB, changes []change, at []int) error {
	text := make([]byte, 0, 256*len(changes))
	for c := range each(changes, at) {
		r := &c.row
		sequence, err := sink.PadSequence(c.sequence)
		if err != nil {
			return err
		}
		text = append(append(append(append(text, r.PK...), '\t'), r.SK...), '\t')
		if c.event == handler.Remove {
			text = append(append(append(text, `\N	\N	\N	\N	\N	\N	\N	\N	`...), sequence...), '\t')
			text = append(deletedAt.AppendFormat(text, time.DateTime), '\n')
			continue
		}
		for _, s := range []string{r.Name, r.Email, r.Status} {
			text = append(append(text, s...), '\t')
		}
		text = append(strconv.AppendInt(text, int64(r.Qty), 10), '\t')
		text = append(strconv.AppendFloat(text, r.Total, 'f', -1, 64), '\t')
		text = append(text, '0'+boolean(r.Paid), '\t')
		text = append(strconv.AppendInt(text, r.Version, 10), '\t')
		text = append(r.Placed.UTC().AppendFormat(text, time.DateTime), '\t')
		text = append(append(text, sequence...), `	\N`+"\n"...)
	}
	mysql.RegisterReaderHandler("changes", func() io.Reader { return bytes.NewReader(text) })
	_, err := pool.ExecContext(ctx, "LOAD DATA LOCAL INFILE 'Reader::changes' INTO TABLE orders ("+loaded+")")
	return err
}

// loadSQLite is a prepared INSERT for each row, in one transaction.
func loadSQLite(ctx context.Context, pool *sqlx.DB, changes []change, at []int) error {
	tx, err := pool.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert, err := tx.PrepareContext(ctx, "INSERT INTO orders ("+loaded+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	const layout = "2006-01-02 15:04:05.999999999-07:00"
	removed := deletedAt.Format(layout)
	for c := range each(changes, at) {
		r := &c.row
		sequence, err := sink.PadSequence(c.sequence)
		if err != nil {
			return err
		}
		if c.event == handler.Remove {
			_, err = insert.ExecContext(ctx, r.PK, r.SK, nil, nil, nil, nil, nil, nil, nil, nil, sequence, removed)
		} else {
			_, err = insert.ExecContext(ctx, r.PK, r.SK, r.Name, r.Email, r.Status, r.Qty, r.Total, r.Paid, r.Version,
				r.Placed.UTC().Format(layout), sequence, nil)
		}
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}
