package handler_test

import (
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
)

// TestStreams routes by table, and what belongs to no handler fails.
func TestStreams(t *testing.T) {
	t.Parallel()
	orders, users, others := newStore(), newStore(), newStore()
	route := handler.Streams{
		handler.NewDynamoDBEventHandler(obey(orders.table()), handler.ForTable("orders")),
		handler.NewDynamoDBEventHandler(handler.Mirror(users.table()), handler.ForTable("users")),
	}
	table := func(name string) *handlertest.Table { return &handlertest.Table{Name: name, Keys: []string{"pk"}} }
	invoke(t, route, table("orders").Insert(item("o", ""))).succeeds(t)
	invoke(t, route, table("users").Insert(item("u", ""))).succeeds(t)
	wantRows(t, orders, "o")
	wantRows(t, users, "u")

	stray := table("strays").Insert(item("s", ""))
	invoke(t, route, stray).fails(t, `no handler is for table "strays"`, `table "orders", table "users"`, "ForTable")
	route = append(route, handler.NewDynamoDBEventHandler(obey(others.table())))
	invoke(t, route, stray).succeeds(t)
	wantRows(t, others, "s")
	invoke(t, route).succeeds(t)
}

// TestStreamsRoutesDamagedRecords with the others of their batch.
func TestStreamsRoutesDamagedRecords(t *testing.T) {
	t.Parallel()
	s := newStore()
	route := handler.Streams{handler.NewDynamoDBEventHandler(obey(s.table()), quiet, handler.ForTable("items"))}
	records := inserts("", "", "")
	records[1] = records[1].With("eventID", `[]`).Without("eventSourceARN")
	invoke(t, route, records...).reports(t, records[1])
	wantRows(t, s, "a")
	invoke(t, route, records[1]).fails(t, "record 0", "eventID")
	route = append(route, handler.NewDynamoDBEventHandler(obey(s.table()), quiet, handler.ForTable("others")))
	invoke(t, route, records[1]).fails(t, `no handler is for table ""`)
}

func TestBadStreams(t *testing.T) {
	t.Parallel()
	one := func() handler.Stream {
		return handler.NewDynamoDBEventHandler(obey(newStore().table()), handler.ForTable("items"))
	}
	any := handler.NewDynamoDBEventHandler(obey(newStore().table()))
	var none *handler.DynamoDBEventHandler[Item]
	for want, route := range map[string]handler.Streams{
		"no stream has a handler":            {},
		"a stream's handler is nil":          {one(), nil},
		"a stream's handler is nil:":         {none},
		`two handlers are for table "items"`: {one(), any, one()},
		"two handlers are for any table":     {any, any},
		"the stream event handler is nil":    {handler.NewDynamoDBEventHandler[Item](nil)},
	} {
		if want[len(want)-1] == ':' {
			want = want[:len(want)-1]
		}
		invoke(t, route, inserts("")...).fails(t, want)
	}
}

// TestStreamsOfTwoTablesInOneBatch: Lambda never makes such a batch.
func TestStreamsOfTwoTablesInOneBatch(t *testing.T) {
	t.Parallel()
	s := newStore()
	route := handler.Streams{handler.NewDynamoDBEventHandler(obey(s.table()))}
	other := handlertest.Table{Name: "other", Keys: []string{"pk"}}
	invoke(t, route, inserts("")[0], other.Insert(item("b", ""))).fails(t, `"items"`, `"other"`)
	wantRows(t, s, "")
	response, err := route.Invoke(t.Context(), []byte(`{`))
	outcome{response, err}.fails(t, "ends too early")
}
