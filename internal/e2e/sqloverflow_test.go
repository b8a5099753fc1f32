package e2e

import (
	"reflect"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/mapping"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// gaining is an item, and a row, that keeps the attributes it does not name.
type gaining struct {
	ID   string           `dynamodbav:"id" db:"id,key"`
	Rest mapping.Overflow `dynamodbav:"rest" db:"rest"`
}

// gained has numbers that a JSON column of every engine keeps, and text that SQL, JSON and HTML have to quote.
const gained = `{"count":{"N":"-7"},"note":{"S":"ž 🦆 '\"\\ <&> \n %s$1?:x"},"owner":{"M":{"since":{"N":"1768608000"}}},` +
	`"paid":{"BOOL":true},"tags":{"SS":["a","b"]},"void":{"NULL":true}}`

const gainedPlain = `{"count":-7,"note":"ž 🦆 '\"\\ <&> \n %s$1?:x","owner":{"since":1768608000},"paid":true,"tags":["a","b"],"void":null}`

// TestOverflowColumn has an item gain attributes and lose them again, as JSON and as text.
func TestOverflowColumn(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		for name, columnType := range map[string]string{"as_json": oneOf(db.Dialect(), "JSONB", "JSON", "TEXT"), "as_text": longText(db.Dialect())} {
			execute(t, pool, "CREATE TABLE "+name+" (id "+keyType(db.Dialect())+" PRIMARY KEY, rest "+columnType+", stream_sequence CHAR(40))")
			testOverflow(t, pool, table[gaining](t, db, name), name)
		}
	})
}

func longText(d sqlsink.Dialect) string {
	return oneOf(d, "TEXT", "LONGTEXT CHARACTER SET utf8mb4", "TEXT")
}

func testOverflow(t *testing.T, pool *sqlx.DB, target *sqlsink.Table[gaining], name string) {
	t.Helper()
	h := handler.NewDynamoDBEventHandler(handler.Mirror(target))
	items := &handlertest.Table{Name: name, Keys: []string{"id"}}
	poor, rich := gaining{ID: "a"}, gaining{ID: "a", Rest: overflow(t, gained)}
	for _, step := range []struct {
		record handlertest.Record
		want   string // plain JSON
	}{{items.Insert(poor), ""}, {items.Modify(poor, rich), gainedPlain}, {items.Modify(rich, poor), ""}} {
		for range 2 { // Lambda delivers at least once
			if _, err := h.Invoke(t.Context(), handlertest.Payload(t, step.record)); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := restOf(t, pool, name, "a"), plain(t, step.want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func overflow(t *testing.T, item string) mapping.Overflow {
	t.Helper()
	o, err := mapping.ParseOverflow([]byte(item))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// plain is what an Overflow is read back as.
func plain(t *testing.T, text string) map[string]any {
	t.Helper()
	var o mapping.Overflow
	if text != "" {
		if err := o.Scan(text); err != nil {
			t.Fatal(err)
		}
	}
	return attributes(t, o)
}

func attributes(t *testing.T, o mapping.Overflow) map[string]any {
	t.Helper()
	item := map[string]any{}
	if err := mapping.Unmarshal(o.Item(), &item); err != nil {
		t.Fatal(err)
	}
	return item
}

func restOf(t *testing.T, pool *sqlx.DB, name, id string) map[string]any {
	t.Helper()
	var row gaining
	query := pool.Rebind("SELECT id, rest FROM " + name + " WHERE id = ?")
	if err := pool.GetContext(t.Context(), &row, query, id); err != nil {
		t.Fatal(err)
	}
	return attributes(t, row.Rest)
}

// TestOverflowInText finds in a column of text every digit and the very text: what MySQL's type JSON rounds and PostgreSQL's
// refuses is kept.
func TestOverflowInText(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE kept (id "+keyType(db.Dialect())+" PRIMARY KEY, rest "+longText(db.Dialect())+", stream_sequence CHAR(40))")
		h := handler.NewDynamoDBEventHandler(handler.Mirror(table[gaining](t, db, "kept")))
		items := &handlertest.Table{Name: "kept", Keys: []string{"id"}}
		rest := overflow(t, `{"big":{"N":"`+digits38+`"},"nul":{"S":"a\u0000b"},"small":{"N":"`+fraction+`"}}`)
		if _, err := h.Invoke(t.Context(), handlertest.Payload(t, items.Insert(gaining{"a", rest}))); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := pool.GetContext(t.Context(), &got, "SELECT rest FROM kept"); err != nil {
			t.Fatal(err)
		}
		if want := `{"big":` + digits38 + `,"nul":"a\u0000b","small":` + fraction + `}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
