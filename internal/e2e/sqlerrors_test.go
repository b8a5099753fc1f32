package e2e

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// marker is the value of every refused row: no error may repeat it.
const marker = "SECRET-77"

// strictRow is a row of a table that refuses much.
type strictRow struct {
	ID     string `db:"id,key"`
	Must   any    `db:"must"`
	Short  any    `db:"short"`
	Number any    `db:"number"`
	Small  any    `db:"small"`
	Doc    any    `db:"doc"`
	Parent any    `db:"parent"`
	Alone  any    `db:"alone"`
	Moment any    `db:"moment"`
}

func fine(id string) strictRow { return strictRow{ID: id, Must: "m", Small: 1, Alone: id} }

func createStrict(t *testing.T, pool *sqlx.DB, d sqlsink.Dialect) {
	t.Helper()
	id := keyType(d)
	execute(t, pool, "CREATE TABLE parents (id "+id+" PRIMARY KEY)")
	execute(t, pool, "CREATE TABLE strict (id "+id+" PRIMARY KEY, must VARCHAR(99) NOT NULL, "+
		oneOf(d, "short VARCHAR(5), number NUMERIC(10,2), doc JSONB", "short VARCHAR(5), number DECIMAL(10,2), doc JSON",
			"short TEXT CHECK (length(short) <= 5), number NUMERIC CHECK (typeof(number) <> 'text'), doc TEXT CHECK (doc IS NULL OR json_valid(doc))")+
		", small INT, alone VARCHAR(99), moment "+oneOf(d, "TIMESTAMPTZ", "DATETIME", "TEXT")+
		", parent "+id+", CONSTRAINT small_is_small CHECK (small < 100), CONSTRAINT one_alone UNIQUE (alone), CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES parents (id))")
	if d == sqlsink.SQLite {
		pool.SetMaxOpenConns(1) // the next statement is about the connection
		execute(t, pool, "PRAGMA foreign_keys = ON")
	}
}

// TestRefusedValuesArePermanent provokes what data can do wrong.
func TestRefusedValuesArePermanent(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(*strictRow)
		unless sqlsink.Dialect
	}{
		{"not null", func(r *strictRow) { r.Must = nil; r.Alone = marker }, 0},
		{"too long", func(r *strictRow) { r.Short = marker }, 0},
		{"not a number", func(r *strictRow) { r.Number = marker }, 0},
		{"out of range", func(r *strictRow) { r.Number = "123456789012.5" }, sqlsink.SQLite},
		{"check", func(r *strictRow) { r.Small = 777777 }, 0},
		{"foreign key", func(r *strictRow) { r.Parent = marker }, 0},
		{"not JSON", func(r *strictRow) { r.Doc = `{"a": ` + marker }, 0},
		{"not a time", func(r *strictRow) { r.Moment = marker }, sqlsink.SQLite},
		{"secondary unique index", func(r *strictRow) { r.Alone = marker + " taken" }, 0},
		{"NUL in text", func(r *strictRow) { r.Must = marker + "\x00" }, 0},
		{"NUL in JSON", func(r *strictRow) { r.Doc = map[string]string{"a": marker + "\x00"} }, 0},
		{"not finite", func(r *strictRow) { r.Number = math.NaN() }, sqlsink.PostgreSQL},
		{"a type that is no column", func(r *strictRow) { r.Must = make(chan int) }, 0},
	}
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		d := db.Dialect()
		createStrict(t, pool, d)
		target := table[strictRow](t, db, "strict", sqlsink.Unguarded())
		stageOne(t, func(b *sink.Batch) {
			taken := fine("taken")
			taken.Alone = marker + " taken"
			target.Upsert(b, taken)
		})
		for _, c := range cases {
			row := fine("x")
			c.change(&row)
			err := staging(t, func(b *sink.Batch) { target.Upsert(b, row) })
			nul := strings.HasPrefix(c.name, "NUL") && d != sqlsink.PostgreSQL // the others keep it
			if c.unless == d || nul {
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				var must []byte
				if e := pool.GetContext(t.Context(), &must, "SELECT must FROM strict WHERE id = 'x'"); nul && c.name == "NUL in text" && string(must) != marker+"\x00" {
					t.Errorf("%s: read back %q, %v", c.name, must, e)
				}
				continue
			}
			if !sink.IsPermanent(err) {
				t.Errorf("%s: want a permanent error, got %v", c.name, err)
			}
			if err != nil && (strings.Contains(err.Error(), marker) || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "777777")) {
				t.Errorf("%s: the error repeats the value: %v", c.name, err)
			}
			var known *sqlsink.Error
			if errors.As(err, &known) && known.SQLState == "" && known.Number == 0 && !strings.Contains(err.Error(), "encode") {
				t.Errorf("%s: no code in %#v", c.name, known)
			}
		}
		var left string
		if err := pool.GetContext(t.Context(), &left, "SELECT alone FROM strict WHERE id = 'taken'"); err != nil || left != marker+" taken" {
			t.Errorf("the row that was there has changed: %q, %v", left, err)
		}
	})
}

// TestASchemaErrorIsUnmarked has nothing that a retry or a dead letter would mend.
func TestASchemaErrorIsUnmarked(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE cells (id "+keyType(db.Dialect())+" PRIMARY KEY)")
		for name, want := range map[string][3]string{"cells": {"42703", "1054", "1"}, "nothing": {"42P01", "1146", "1"}} {
			target := table[cell[string]](t, db, name, sqlsink.Unguarded())
			err := staging(t, func(b *sink.Batch) { target.Upsert(b, cell[string]{"a", marker}) })
			var known *sqlsink.Error
			if !errors.As(err, &known) || sink.IsPermanent(err) || sink.IsTransient(err) || sink.IsUncertain(err) {
				t.Fatalf("%s: want an unmarked error, got %v", name, err)
			}
			code := oneOf(db.Dialect(), known.SQLState, fmt.Sprint(known.Number), fmt.Sprint(known.Number))
			if code != oneOf(db.Dialect(), want[0], want[1], want[2]) || strings.Contains(err.Error(), marker) {
				t.Errorf("%s: code %s in %v", name, code, err)
			}
		}
		missing := table[cell[string]](t, db, "cells", sqlsink.Unguarded())
		if err := staging(t, func(b *sink.Batch) { missing.Delete(b, cell[string]{ID: "a"}) }); err != nil {
			t.Errorf("a delete needs the key column only: %v", err)
		}
	})
}
