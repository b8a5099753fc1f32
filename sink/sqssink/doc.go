// Package sqssink is a sink that sends each staged row to an Amazon SQS queue, as one message whose body is the row's
// JSON. It is made for dead letters:
//
//	letters, err := sqssink.New[handler.DeadLetter](sqs.NewFromConfig(cfg), queueURL)
//	…
//	h := handler.NewDynamoDBEventHandler(orders, handler.DeadLetters(letters))
//
// and carries rows of any type that encoding/json encodes. A letter holds its stream record whole, so that it is
// handled again by invoking the function with {"Records":[letter.Record]}.
//
// A queue is an effect and at least once. It comes after the stores in a commit, every upsert is a message (nothing is
// compacted), and a batch that Lambda delivers again is sent again. Within one invocation a message that SQS has accepted
// is not sent again, however often its commit is tried. FIFO queues drop some repetitions themselves: see [New].
//
// What fails, and how:
//
//   - A row that cannot be encoded or is larger than the limit ([MaxBytes]) fails its record with a [sink.Permanent] error
//     when it is staged, before anything is sent. So does a message that SQS refuses as the sender's fault, at commit.
//   - Throttling, failures of the network and of the service are [sink.Transient].
//   - What concerns the queue and not a message (no permission, no such queue, an unusable KMS key) is not marked:
//     Lambda delivers the records again, and a wrong setting does not turn a stream into dead letters.
//   - A delete fails its record, because a queue has nothing to delete: see [IgnoreDeletes].
//
// Errors name the queue and the record, and never a value of a row.
//
// A dead letter larger than a message may be (a record with two images of up to 400 KB in DynamoDB's JSON can be) is an
// error, and its record is reported to Lambda: nothing is lost, but the record blocks its shard. Where items are that
// large, keep dead letters in a table.
package sqssink
