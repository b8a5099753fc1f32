package handler_test

import (
	"context"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
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
	for _, strange := range []string{"", "strange", "arn:aws:kinesis:eu-west-1:1:stream/items"} {
		others := newStore()
		route := append(route, handler.NewDynamoDBEventHandler(obey(others.table()), quiet))
		first := records[0].With("eventSourceARN", strconv.Quote(strange))
		invoke(t, route, first, records[2]).succeeds(t)
		wantRows(t, others, "")
	}
	invoke(t, route, records[1], records[0], records[2]).fails(t, "record 0", "eventID") // and not that no handler is for it
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

// TestTwoTablesInOneBatch: Lambda never makes such a batch.
func TestTwoTablesInOneBatch(t *testing.T) {
	t.Parallel()
	s := newStore()
	for name, h := range map[string]lambda.Handler{
		"one stream":  handler.Streams{handler.NewDynamoDBEventHandler(obey(s.table()))},
		"two streams": handler.Streams{handler.NewDynamoDBEventHandler(obey(s.table())), handler.NewDynamoDBEventHandler(obey(s.table()), handler.ForTable("x"))},
		"by itself":   handler.NewDynamoDBEventHandler(obey(s.table())),
	} {
		t.Run(name, func(t *testing.T) {
			other := handlertest.Table{Name: "other", Keys: []string{"pk"}}
			invoke(t, h, inserts("")[0], other.Insert(item("b", ""))).fails(t, `"items"`, `"other"`)
			wantRows(t, s, "")
			for payload, want := range map[string]string{`{`: "ends too early", `{"Records":{}}`: "Records"} {
				response, err := h.Invoke(t.Context(), []byte(payload))
				outcome{response, err}.fails(t, want)
			}
			invoke(t, h).succeeds(t)
		})
	}
}

// counted is an attribute that counts how many of it have been decoded.
type counted string

var countedSoFar atomic.Int32

func (c *counted) UnmarshalDynamoDBAttributeValue(types.AttributeValue) error {
	countedSoFar.Add(1)
	return nil
}

// TestStreamsDecodeInPassing: a function of one stream, and one of several, decodes a batch while it is taken apart, as a
// handler does by itself, so that all of it has been decoded when the first record is handled. It is the only one to count.
func TestStreamsDecodeInPassing(t *testing.T) {
	t.Parallel()
	type Row struct {
		ID string  `dynamodbav:"pk"`
		Do counted `dynamodbav:"do"`
	}
	var found []int32
	h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[Row](
		func(context.Context, *handler.Record[Row], *sink.Batch) error {
			found = append(found, countedSoFar.Load())
			return nil
		}))
	other := handler.NewDynamoDBEventHandler(obey(newStore().table()), handler.ForTable("other"))
	for _, function := range []lambda.Handler{h, handler.Streams{h}, handler.Streams{other, h}} {
		countedSoFar.Store(0)
		found = nil
		invoke(t, function, inserts("", "", "")...).succeeds(t)
		if !slices.Equal(found, []int32{3, 3, 3}) {
			t.Errorf("%T: %v were decoded when the records were handled", function, found)
		}
	}
}
