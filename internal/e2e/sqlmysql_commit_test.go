package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
	"github.com/dynasink/dynasink/sink"
	"github.com/jmoiron/sqlx"
)

// TestACommitThatNobodyAnswers: a batch with SQL of its own commits an open transaction, and the context ends that too.
func TestACommitThatNobodyAnswers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"mariadb", "mysql"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := servers.For(t, name)
			proxy := wire.New(t, e.Addr)
			db := newDB(t, e.Via(t, proxy.Addr()).Open(t))
			u := sink.NewUnit()
			b := u.Begin(sink.Origin{Source: "arn", EventID: "event", Sequence: sequenceOf(1)})
			var shot *wire.Shot
			db.AtLeastOnce(b, func(context.Context, *sqlx.Tx) error { // by now READ COMMITTED has gone through
				shot = proxy.CutNext(wire.Stall(wire.Text("COMMIT")))
				return nil
			})
			if err := b.End(nil); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			committed := make(chan error, 1)
			go func() { committed <- u.Commit(ctx, nil) }()
			select {
			case err := <-committed:
				if !shot.Hit() || !sink.IsUncertain(err) {
					t.Errorf("got %v", err)
				}
			case <-time.After(30 * time.Second):
				t.Error("the commit goes on after its context")
			}
		})
	}
}
