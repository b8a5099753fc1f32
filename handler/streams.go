package handler

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Stream is a handler for the stream of one table: a [DynamoDBEventHandler] of any item type. No other type can implement it,
// because [Streams] takes a payload apart once, for all of them.
type Stream interface {
	// Invoke is the method of lambda.Handler.
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
	// Table returns the table whose stream the handler is for, or "" for every table that no other handler is for.
	Table() string
	// Validate reports why the handler cannot work.
	Validate() error

	handle(ctx context.Context, records []rawRecord) ([]byte, error)
}

// Streams is a lambda.Handler for a function that several streams invoke: it routes a batch by the table in its
// eventSourceARN to the handler made with [ForTable] for it, else to the one made without. Lambda never mixes streams in
// one batch; a batch that does fails as a whole, as does one for a table that nothing handles.
type Streams []Stream

// Invoke implements lambda.Handler.
func (s Streams) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	records, err := split(string(payload))
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return success, nil
	}
	table, err := tableOf(records)
	if err != nil {
		return nil, err
	}
	stream := s.find(table)
	if stream == nil && table == "" && len(s) == 1 {
		stream = s[0] // its records do not tell their table: damaged ones, which are its to report
	}
	if stream == nil {
		return nil, &ConfigError{"ForTable", fmt.Errorf("no handler is for table %q; there are handlers for %s", table, s.tables())}
	}
	return stream.handle(ctx, records)
}

// Validate reports what is wrong with the set: no handler, a handler that cannot work, two for one table.
func (s Streams) Validate() error {
	if len(s) == 0 {
		return &ConfigError{"Streams", errors.New("no stream has a handler")}
	}
	seen := map[string]bool{}
	for _, stream := range s {
		if isNil(stream) {
			return &ConfigError{"Streams", errors.New("a stream's handler is nil")}
		}
		if err := stream.Validate(); err != nil {
			return err
		}
		if table := stream.Table(); seen[table] {
			return &ConfigError{"ForTable", fmt.Errorf("two handlers are for %s: give each its table with handler.ForTable", quoteTable(table))}
		}
		seen[stream.Table()] = true
	}
	return nil
}

func (s Streams) find(table string) Stream {
	var any Stream
	for _, stream := range s {
		switch stream.Table() {
		case table:
			return stream
		case "":
			any = stream
		}
	}
	return any
}

func (s Streams) tables() string {
	names := make([]string, len(s))
	for i, stream := range s {
		names[i] = quoteTable(stream.Table())
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

func quoteTable(table string) string {
	if table == "" {
		return "any table"
	}
	return fmt.Sprintf("table %q", table)
}

// tableOf returns the table that the records come from, "" if none of them tells; one that does not tell goes with the
// others.
func tableOf(records []rawRecord) (string, error) {
	var table string
	for i := range records {
		name := tableName(records[i].EventSourceARN)
		if name != "" && table != "" && name != table {
			return "", &ConfigError{"event source", fmt.Errorf("one batch has records of the tables %q and %q", table, name)}
		}
		if name != "" {
			table = name
		}
	}
	return table, nil
}

// serves checks that the records are of the table that the handler is for.
func (o *options) serves(records []rawRecord) error {
	if o.table == "" {
		return nil
	}
	table, err := tableOf(records)
	if err == nil && table != "" && table != o.table {
		err = &ConfigError{"ForTable", fmt.Errorf("the handler is for table %q, and the records come from %q", o.table, table)}
	}
	return err
}
