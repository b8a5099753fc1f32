package handler_test

import (
	"errors"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// byDo is a table whose row key is not the item's; an empty one cannot be told.
func (s *store) byDo() *sink.Port[Item] {
	return sink.NewPort(s, func(i *Item) (string, error) {
		if i.Do == "" {
			return "", errors.New("the key is empty")
		}
		return i.Do, nil
	}, func(_ ctx, tx *storeTx, writes []sink.Write[Item]) error {
		for _, w := range writes {
			if w.Delete {
				delete(tx.rows, w.Row.Do)
			} else {
				tx.rows[w.Row.Do] = w.Row.ID
			}
		}
		return nil
	})
}

func TestMirror(t *testing.T) {
	t.Parallel()
	for _, view := range []handler.StreamViewType{handler.NewAndOldImages, handler.NewImageOnly} {
		s := newStore()
		h := handler.NewDynamoDBEventHandler(handler.Mirror(s.table()))
		table := newTable()
		table.ViewType = view
		invoke(t, h,
			table.Insert(item("a", "1")), table.Insert(item("b", "1")), table.Insert(item("c", "1")), table.Insert(item("d", "1")),
			table.Modify(item("a", "1"), item("a", "2")), table.Remove(item("b", "1")), table.Expire(item("c", "1")),
		).succeeds(t)
		if wantRows(t, s, "a d"); s.rows["a"] != "2" || s.rows["d"] != "1" {
			t.Errorf("%s: the rows are %v", view, s.rows)
		}
	}
}

// TestMirrorMovesTheRow: a changed row key deletes the old row, also when both changes are in one batch.
func TestMirrorMovesTheRow(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(handler.Mirror(s.byDo()))
	table := newTable()
	invoke(t, h, table.Insert(item("a", "one")), table.Insert(item("b", "two")), table.Insert(item("c", "three"))).succeeds(t)
	invoke(t, h,
		table.Modify(item("a", "one"), item("a", "1")), table.Modify(item("a", "1"), item("a", "uno")),
		table.Modify(item("b", "two"), item("b", "two")), table.Remove(item("c", "three")),
	).succeeds(t)
	wantRows(t, s, "two uno")
}

// TestMirrorSwapsRows: two items swap their row keys.
func TestMirrorSwapsRows(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(handler.Mirror(s.byDo()))
	table := newTable()
	invoke(t, h, table.Insert(item("a", "x")),
		table.Modify(item("a", "x"), item("a", "y")), table.Insert(item("b", "x"))).succeeds(t)
	if s.rows["x"] != "b" || s.rows["y"] != "a" {
		t.Errorf("the rows are %v", s.rows)
	}
}

// TestMirrorOfAnItemThatWasNoRow: a state whose key cannot be told fails, and does not spoil the next one.
func TestMirrorOfAnItemThatWasNoRow(t *testing.T) {
	t.Parallel()
	s, letters := newStore(), newLetters()
	h := handler.NewDynamoDBEventHandler(handler.Mirror(s.byDo()), handler.DeadLetters(letters))
	table := newTable()
	invoke(t, h, table.Insert(item("a", "")), table.Modify(item("a", ""), item("a", "x"))).succeeds(t)
	wantRows(t, s, "x")
	if n := len(letters.Upserts()); n != 1 {
		t.Errorf("%d dead letters, want the first record", n)
	}
}

// TestMirrorWithoutImages: what would leave a row behind is a misconfiguration.
func TestMirrorWithoutImages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		view handler.StreamViewType
		opts []handler.Option
		byDo bool // the row's key is not the item's
		want string
	}{
		{handler.KeysOnly, nil, false, "needs NewImage"},
		{handler.OldImageOnly, nil, false, "needs NewImage"},
		{handler.NewImageOnly, nil, true, "needs OldImage"},
		{handler.NewAndOldImages, []handler.Option{handler.Needs(handler.NewImage)}, true, "needs OldImage"},
		{handler.NewAndOldImages, []handler.Option{handler.Needs(handler.NewImage)}, false, ""},
		{handler.NewAndOldImages, []handler.Option{handler.Needs(handler.NewImage | handler.OldImage)}, true, ""},
	} {
		s, letters := newStore(), newLetters()
		target := s.table()
		if c.byDo {
			target = s.byDo()
		}
		h := handler.NewDynamoDBEventHandler(handler.Mirror(target), append(c.opts, handler.DeadLetters(letters), handler.DeadLetterUnmarked())...)
		table := newTable()
		table.ViewType = c.view
		got := invoke(t, h, table.Insert(item("a", "x")), table.Modify(item("a", "x"), item("a", "y")))
		if c.want == "" {
			got.succeeds(t)
			continue
		}
		got.fails(t, c.want, "StreamViewType")
		wantRows(t, s, "")
		if len(letters.Upserts()) > 0 {
			t.Errorf("%s: a misconfiguration was set aside", c.view)
		}
	}
}

// TestMirrorToATargetWithoutKeys hands every change over.
func TestMirrorToATargetWithoutKeys(t *testing.T) {
	t.Parallel()
	history := sinktest.NewRecorder[Item]()
	h := handler.NewDynamoDBEventHandler(handler.Mirror[Item](history))
	table := handlertest.Table{Keys: []string{"pk"}, ViewType: handler.NewImageOnly}
	invoke(t, h, table.Insert(item("a", "x")), table.Modify(item("a", "x"), item("a", "y")), table.Remove(item("a", "y"))).succeeds(t)
	if len(history.Upserts()) != 2 || history.Deletes()[0] != (Item{ID: "a"}) {
		t.Errorf("it got %v", history.Writes())
	}
}
