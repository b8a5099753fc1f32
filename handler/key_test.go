package handler_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

// TestKeyFunctionThatIgnoresItsContext is left behind as a handler is: what was staged before it is committed and answered in time.
func TestKeyFunctionThatIgnoresItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		release := make(chan struct{})
		table := sink.NewPort(s, func(i *Item) (string, error) {
			if i.Do == "block" {
				<-release
			}
			return i.ID, nil
		}, s.write)
		h := handler.NewDynamoDBEventHandler(obey(table), quiet)
		records := inserts("", "", "block", "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		response, err := h.Invoke(ctx, payload(t, records))
		outcome{response, err}.reports(t, records[2])
		close(release)
		synctest.Wait()
		wantRows(t, s, "a b")
	})
}
