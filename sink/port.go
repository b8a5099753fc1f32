package sink

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"sync/atomic"
)

// Sink is a store with transactions of type Tx: *sql.Tx, a MongoDB session, a type of its own that gathers statements
// and sends them together.
//
// InTx runs fn in one transaction and commits it when fn returns nil; otherwise, or when fn panics, it rolls back. It may
// run fn again in a new transaction when the first did not commit. When it returns nil, all that fn wrote is durable; when
// it returns an error, nothing is, or it cannot be known (the answer to the commit was lost), which is why writes must
// bear repeating. Errors are marked [Permanent] or [Transient] where the store can tell.
//
// InTx must be safe for concurrent use. Two targets whose sinks are equal (==, so use a pointer) share a transaction.
type Sink[Tx any] interface {
	InTx(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Port is the [Target] of one kind of row in a sink: it holds what was staged, typed, and hands it over at commit.
type Port[R any] struct {
	stage   func(b *Batch, row R, remove bool)
	sameKey func(a, b R) bool
}

// Upsert implements [Target].
func (p *Port[R]) Upsert(b *Batch, row R) { p.stage(b, row, false) }

// Delete implements [Target].
func (p *Port[R]) Delete(b *Batch, key R) { p.stage(b, key, true) }

// SameKey implements [Keyed].
func (p *Port[R]) SameKey(a, b R) bool { return p.sameKey(a, b) }

// PortOption changes what [NewPort] returns.
type PortOption interface{ apply(*portOptions) }

type portOptions struct {
	rank    rank
	guarded bool
	every   bool
	version any // func(row *R, o Origin) string
}

type portOption func(*portOptions)

func (o portOption) apply(p *portOptions) { o(p) }

// Guarded declares that a write does nothing when it, or a newer one of its row, has been applied before. Guarded sinks
// commit first, because repeating them is harmless when a later sink fails.
func Guarded() PortOption {
	return portOption(func(p *portOptions) { p.rank, p.guarded = rankGuarded, true })
}

// GuardedBy is [Guarded] for a sink that tells old from new by a version: a text that compares as the versions do (see
// [PadSequence]). When one commit holds several writes of a row, the one with the highest version counts, and the last
// staged among equals, because a batch made of dead letters need not be in the stream's order. R must be the port's and
// version not nil, or every record that stages on the port fails.
func GuardedBy[R any](version func(row *R, o Origin) string) PortOption {
	return portOption(func(p *portOptions) { p.rank, p.guarded, p.version = rankGuarded, true, version })
}

// EveryWrite hands over every staged write in its order, for targets that must see each change (a history table, an
// outbox). By default only the last one of each row is.
func EveryWrite() PortOption {
	return portOption(func(p *portOptions) { p.every = true })
}

// Effect declares that the writes cannot be rolled back (an HTTP call, a cache). Effects come last in a commit.
func Effect() PortOption {
	return portOption(func(p *portOptions) { p.rank = rankEffect })
}

// NewPort makes a target of a sink.
//
// key tells which row a value is: writes with equal keys are writes of one row. It is called when a row is staged; its
// error fails the record as a [Permanent] error. It must be safe for concurrent use.
//
// write writes rows in tx: in one commit each row occurs once, with its last staged state, and rows are sorted by key
// when K is string, int or int64, so that concurrent writers lock rows in one order. It may be called several times in a
// transaction (functions staged between rows are barriers), and again after a failed one. The slice is its own until
// it returns. An error about one row is best returned as a [RowError].
//
// When s, key or write is nil, every record that stages on the port fails, with an error that says which.
func NewPort[R any, K comparable, Tx any](
	s Sink[Tx],
	key func(row *R) (K, error),
	write func(ctx context.Context, tx Tx, writes []Write[R]) error,
	opts ...PortOption,
) *Port[R] {
	p := &port[R, K, Tx]{sink: s, key: key, write: write, compare: compareOf[K](), number: created.Add(1)}
	p.rank = rankTransaction
	for _, o := range opts {
		o.apply(&p.portOptions)
	}
	p.err = p.check()
	return &Port[R]{stage: p.stage, sameKey: p.sameKey}
}

// Func makes a sink of a function, as http.HandlerFunc makes a handler of one. It gets every staged write of the kept
// records in order, once per commit, and is an [Effect]: it runs after transactional sinks, and again when Lambda
// redelivers, so it must bear being repeated. With a nil function every record that stages on it fails.
//
// What its error says decides what the batch loop of package handler does:
//
//   - A [RowError] names the record, which fails alone; the function is called again for the records before it and, if
//     the batch goes on, for those after it.
//   - An error marked [Transient] has the call repeated in place while the deadline allows. Mark an outage so: a plain error
//     is taken for a record's.
//   - Any other error that names no record has the record looked for by halving the batch: the function is called again for
//     parts of it, until the record is alone.
//
// It may keep the slice.
//
// All writes are of one row as far as [Keyed] is concerned, because the function is the only one to know their keys. So
// handler.Mirror, with a Func for its target, stages no delete when a change moves a row to another key.
func Func[R any](write func(ctx context.Context, writes []Write[R]) error) *Port[R] {
	return NewPort(new(effect), noKey[R], inEffect(write), Effect(), EveryWrite())
}

// inEffect makes a port's write function of a Func's; nil stays nil, for the port to report.
func inEffect[R any](write func(context.Context, []Write[R]) error) func(context.Context, struct{}, []Write[R]) error {
	if write == nil {
		return nil
	}
	return func(ctx context.Context, _ struct{}, writes []Write[R]) error { return write(ctx, writes) }
}

// effect is a sink without transactions; it has a size, so that two of them have two addresses.
type effect struct{ _ byte }

func (*effect) InTx(ctx context.Context, fn func(context.Context, struct{}) error) error {
	return fn(ctx, struct{}{})
}

func noKey[R any](*R) (struct{}, error) { return struct{}{}, nil }

// created numbers ports in the order of their creation, which is the order in which sinks commit.
var created atomic.Uint64

type port[R any, K comparable, Tx any] struct {
	portOptions
	sink      Sink[Tx]
	key       func(row *R) (K, error)
	write     func(ctx context.Context, tx Tx, writes []Write[R]) error
	compare   func(a, b K) int              // nil: K has no order we know
	versionOf func(row *R, o Origin) string // nil: the last staged write of a row counts
	number    uint64
	kept      atomic.Pointer[[]Write[R]] // room for the next commit's
	err       error                      // what every record that stages here fails with: the port was not made as it must be
}

// check finds what would panic, or be missing without a sign, when the port is used.
func (p *port[R, K, Tx]) check() error {
	switch {
	case isNil(p.sink):
		return p.lacks("sink")
	case p.key == nil:
		return p.lacks("key function")
	case p.write == nil:
		return p.lacks("write function")
	case p.version != nil:
		return p.guardBy(p.version)
	}
	return nil
}

func (p *port[R, K, Tx]) lacks(what string) error {
	return fmt.Errorf("sink: the %s of a port for rows of type %v is nil", what, reflect.TypeFor[R]())
}

// guardBy takes the function of [GuardedBy]. One for other rows would leave the port without a guard.
func (p *port[R, K, Tx]) guardBy(version any) error {
	var ok bool
	if p.versionOf, ok = version.(func(*R, Origin) string); !ok {
		return fmt.Errorf("sink: GuardedBy got a %T, and the rows of the port are of type %v", version, reflect.TypeFor[R]())
	}
	if p.versionOf == nil {
		return p.lacks("version function (GuardedBy)")
	}
	return nil
}

func isNil(v any) bool {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Func, reflect.Map, reflect.Pointer:
		return r.IsNil()
	}
	return false
}

func compareOf[K comparable]() func(a, b K) int {
	for _, known := range []any{cmp.Compare[string], cmp.Compare[int], cmp.Compare[int64]} {
		if c, ok := known.(func(a, b K) int); ok {
			return c
		}
	}
	return nil
}

func (p *port[R, K, Tx]) stage(b *Batch, row R, remove bool) {
	if p.err != nil {
		b.Fail(p.err)
		return
	}
	u := b.unit
	place := p.place(u)
	*place = row
	key, err := p.key(place) // without the unit's lock: the function is the user's, and may hang or panic
	if err != nil {
		b.Fail(Permanent(err))
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	at, ok := u.enter(b, p.guarded)
	if !ok {
		return
	}
	s := p.stageOf(u)
	s.add(entry[R, K]{row: place, key: key, at: at, ordinal: s.ordinal(b), remove: remove})
}

func (p *port[R, K, Tx]) stageOf(u *Unit) *stage[R, K, Tx] {
	if s, ok := u.stages[p].(*stage[R, K, Tx]); ok {
		return s
	}
	s := &stage[R, K, Tx]{port: p}
	u.stages[p] = s
	groupOf(u, p.sink, p.rank, p.number).add(s)
	return s
}

func (p *port[R, K, Tx]) sameKey(a, b R) bool {
	if p.every {
		return true // every write is handed over as it is: there is no row that could move
	}
	if p.err != nil {
		return false
	}
	keyA, errA := p.key(&a)
	keyB, errB := p.key(&b)
	return errA == nil && errB == nil && keyA == keyB
}
