package handler

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Stream is a handler for the stream of one table; [DynamoDBEventHandler] implements it.
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
	records, err := split(string(payload), nil)
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

// tableOf returns the table that all records come from; one whose envelope is damaged goes with the others.
func tableOf(records []rawRecord) (string, error) {
	var table string
	found := false
	for i := range records {
		if records[i].err != nil {
			continue
		}
		name := tableName(records[i].EventSourceARN)
		if found && name != table {
			return "", &ConfigError{"event source", fmt.Errorf("one batch has records of the tables %q and %q", table, name)}
		}
		table, found = name, true
	}
	return table, nil
}
