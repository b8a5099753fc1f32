// Package handlertest makes DynamoDB stream events of Go values, for tests of handlers and of whole functions.
//
// A [Table] builds the records of its stream, [Payload] packs them into the event that Lambda would deliver, and
// [Failures] reads the answer:
//
//	orders := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
//	payload := handlertest.Payload(t,
//		orders.Insert(Order{ID: "o-1", Status: "new"}),
//		orders.Modify(Order{ID: "o-1", Status: "new"}, Order{ID: "o-1", Status: "shipped"}),
//		orders.Expire(Order{ID: "o-2"}),
//	)
//	response, err := handler.NewDynamoDBEventHandler(h).Invoke(t.Context(), payload)
//	if failed := handlertest.Failures(t, response); err != nil || len(failed) > 0 { … }
//
// [Record.With] and [Record.Without] damage a record, to see what a function makes of it.
//
// An [EventSourceMapping] delivers a whole stream to a function as Lambda does, with retries, partial batch responses,
// bisection and duplicates: what a function makes of its own failures shows only there.
package handlertest
