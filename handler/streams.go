package handler

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/dynasink/dynasink/internal/streamjson"
)

// Stream is a handler for the stream of one table: a [DynamoDBEventHandler] of any item type. No other type can implement it.
type Stream interface {
	// Invoke is the method of lambda.Handler.
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
	// Table returns the table whose stream the handler is for, or "" for every table that no other handler is for.
	Table() string
	// Validate reports why the handler cannot work.
	Validate() error

	// invoke is Invoke for a payload that nobody changes.
	invoke(ctx context.Context, payload string) ([]byte, error)
}

// Streams is a lambda.Handler for a function that several streams invoke: it routes a batch by the table in its
// eventSourceARN to the handler made with [ForTable] for it, else to the one made without. A batch for a table that nothing
// handles fails as a whole.
type Streams []Stream

// Invoke implements lambda.Handler.
func (s Streams) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	text := string(payload)
	if len(s) == 1 {
		return s[0].invoke(ctx, text)
	}
	table := tableName(streamjson.Source(text, func(arn string) bool { return tableName(arn) != "" })) // its handler checks the others
	if stream := s.find(table); stream != nil {
		return stream.invoke(ctx, text)
	}
	records, err := split(text)
	switch {
	case err != nil:
		return nil, err
	case len(records) == 0:
		return success, nil
	}
	return nil, &ConfigError{"ForTable", fmt.Errorf("no handler is for table %q; there are handlers for %s", table, s.tables())}
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

// serves checks that the records are of one table, and of the one that the handler is for. A record that does not tell its
// table goes with the others.
func (o *options) serves(records []rawRecord) error {
	var table, arn string
	for i := range records {
		source := records[i].EventSourceARN
		if source == arn || source == "" {
			continue
		}
		name := tableName(source)
		switch {
		case name == "":
		case table != "" && name != table:
			return &ConfigError{"event source", fmt.Errorf("one batch has records of the tables %q and %q", table, name)}
		case o.table != "" && name != o.table:
			return &ConfigError{"ForTable", fmt.Errorf("the handler is for table %q, and the records come from %q", o.table, name)}
		default:
			table, arn = name, source
		}
	}
	return nil
}
