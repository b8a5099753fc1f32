package mongosink

import (
	"maps"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// fake holds documents and answers the commands that this package sends. It is a replica set or a router if it is told so.
// Of transactions it knows one rule: one that writes fails if anything else has been written since it began.
type fake struct {
	set, router bool

	mu      sync.Mutex
	data    database
	written int // counts commits
	open    map[string]*transaction
	seen    []command
	// interfere, if not nil, sees each command before it is carried out: it may answer in the server's place, change the
	// documents, or have the connection cut. after sees it when it has been carried out.
	interfere, after func(c command) (answer bson.D, err error)
}

// database has documents by collection and _id.
type database struct {
	documents map[string]map[string]bson.Raw
	unique    map[string][]string // fields with a unique index, by collection
	indexes   map[string][]bson.Raw
}

type transaction struct {
	data  database
	since int
	dirty bool
	ended bool

	committed bool // a commit may be asked for again
}

func newFake() *fake {
	return &fake{
		data: database{map[string]map[string]bson.Raw{}, map[string][]string{}, map[string][]bson.Raw{}},
		open: map[string]*transaction{},
	}
}

func (d database) clone() database {
	c := database{map[string]map[string]bson.Raw{}, d.unique, d.indexes}
	for name, rows := range d.documents {
		c.documents[name] = maps.Clone(rows)
	}
	return c
}

func (f *fake) hello() bson.D {
	hello := bson.D{
		{Key: "ok", Value: 1}, {Key: "helloOk", Value: true}, {Key: "isWritablePrimary", Value: true}, {Key: "minWireVersion", Value: 0},
		{Key: "maxWireVersion", Value: 21}, {Key: "maxBsonObjectSize", Value: 16 << 20}, {Key: "maxMessageSizeBytes", Value: 48000000},
		{Key: "maxWriteBatchSize", Value: 100000}, {Key: "logicalSessionTimeoutMinutes", Value: 30},
	}
	if f.set {
		hello = append(hello, bson.E{Key: "setName", Value: "rs"}, bson.E{Key: "hosts", Value: bson.A{"fake:27017"}})
	}
	if f.router {
		hello = append(hello, bson.E{Key: "msg", Value: "isdbgrid"})
	}
	return hello
}

var (
	ok       = bson.D{{Key: "ok", Value: 1}}
	conflict = failure(112, "WriteConflict", "TransientTransactionError")
)

func failure(code int, name string, labels ...string) bson.D {
	return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: code}, {Key: "codeName", Value: name}, {Key: "errmsg", Value: name}, {Key: "errorLabels", Value: labels}}
}

// answer carries out a command.
func (f *fake) answer(c command) (bson.D, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.Contains([]string{"hello", "isMaster", "ismaster"}, c.name) {
		return f.hello(), nil
	}
	if c.name != "endSessions" {
		f.seen = append(f.seen, c)
	}
	if f.interfere != nil {
		if answer, err := f.interfere(c); answer != nil || err != nil {
			return answer, err
		}
	}
	answer := f.carryOut(c)
	if f.after != nil {
		if instead, err := f.after(c); instead != nil || err != nil {
			return instead, err
		}
	}
	return answer, nil
}

func (f *fake) carryOut(c command) bson.D {
	t, refused := f.transactionOf(c)
	if refused != nil {
		return refused
	}
	data := f.data
	if t != nil {
		data = t.data
	}
	switch c.name {
	case "insert", "update", "delete":
		f.write(t)
		return t.failed(data.write(c))
	case "find":
		return data.find(c)
	case "createIndexes", "collMod", "listIndexes":
		return data.index(c)
	case "commitTransaction":
		return f.commit(t)
	case "ping", "endSessions", "abortTransaction":
		return ok
	}
	return failure(59, "CommandNotFound")
}

// transactionOf finds or begins the transaction that a command belongs to.
func (f *fake) transactionOf(c command) (*transaction, bson.D) {
	if _, err := c.body.LookupErr("autocommit"); err != nil {
		return nil, nil
	}
	if !f.set && !f.router {
		return nil, failure(20, "IllegalOperation")
	}
	id := c.body.Lookup("lsid").String() + c.body.Lookup("txnNumber").String()
	if _, err := c.body.LookupErr("startTransaction"); err == nil {
		f.open[id] = &transaction{data: f.data.clone(), since: f.written}
	}
	t := f.open[id]
	switch {
	case t != nil && t.committed:
		return t, nil
	case t == nil || t.ended:
		return nil, failure(251, "NoSuchTransaction", "TransientTransactionError")
	case t.dirty && t.since != f.written, c.name == "abortTransaction":
		t.ended = true
		return nil, conflict
	}
	return t, nil
}

func (f *fake) write(t *transaction) {
	if t == nil {
		f.written++
		return
	}
	t.dirty = true
}

// failed ends a transaction in which a write was refused, as servers do.
func (t *transaction) failed(answer bson.D) bson.D {
	if t != nil && slices.ContainsFunc(answer, func(e bson.E) bool { return e.Key == "writeErrors" }) {
		t.ended = true
	}
	return answer
}

func (f *fake) commit(t *transaction) bson.D {
	if t.dirty && !t.committed {
		f.data.documents = t.data.documents
		f.written++
	}
	t.committed = true
	return ok
}
