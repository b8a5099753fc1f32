// Package handler runs a typed handler over the records of a DynamoDB stream inside AWS Lambda.
//
// A user implements [StreamEventHandler] for the Go type of the table's items and gives it to
// [NewDynamoDBEventHandler], which is a lambda.Handler:
//
//	lambda.Start(handler.NewDynamoDBEventHandler(orders))
//
// Per invocation it splits the payload into records, decodes each record alone, calls the handler with the record and
// its [sink.Batch], commits what was staged in one transaction per sink, and answers with the partial batch response
// that tells Lambda from where to redeliver.
//
// # What happens to a record that fails
//
// A record fails when it cannot be decoded, when the handler returns an error or panics, or when a sink refuses what it
// staged. Records before it are committed, and the answer names its sequence number, so that Lambda redelivers it and
// all that follow: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html. When no record
// succeeded the invocation returns the error itself, which has the same effect and shows in the function's Errors
// metric.
//
// The kind of failure decides the rest. What is transient (a deadlock, throttling) is first tried again in place while the
// deadline allows. With [DeadLetters] a record that no retry can mend is set aside, and the batch goes on. [OnFailure] with
// [HaltKey] holds back only the item of the failed record. A [ConfigError], such as a view type without an image that the
// handler needs, fails the whole batch whatever the options.
//
// The event source mapping must have ReportBatchItemFailures in its FunctionResponseTypes: without it Lambda takes a
// partial batch response for a success and the failed records are lost. Use [FailWholeBatch] for a mapping that lacks it.
//
// # Delivery
//
// Lambda delivers records at least once and in order per item. A handler may see a record again, also long after newer
// ones, so it stages work that bears repeating (the guarded targets of sqlsink do) and has no effects of its own that
// do not.
//
// # Other events
//
// A function that something else invokes is made by [NewEventHandler] or, if it answers, by [NewRequestHandler].
package handler
