package handler_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

type clash struct {
	A string `dynamodbav:"a"`
	B string `dynamodbav:"a"`
}

type pointerHandler struct{ handleFunc }

// TestMisconfigured: what is wrong with the set-up is known before the first record, and fails every batch.
func TestMisconfigured(t *testing.T) {
	t.Parallel()
	fine := obey(newStore().table())
	var nobody *pointerHandler
	for name, c := range map[string]struct {
		h    handler.Stream
		want string
	}{
		"nil handler":   {handler.NewDynamoDBEventHandler[Item](nil), "handler is nil"},
		"nil function":  {handler.NewDynamoDBEventHandler(handleFunc(nil)), "handler is nil"},
		"nil pointer":   {handler.NewDynamoDBEventHandler[Item](nobody), "handler is nil"},
		"nil batch":     {handler.NewDynamoDBBatchHandler[Item](nil), "handler is nil"},
		"mirror of nil": {handler.NewDynamoDBEventHandler(handler.Mirror[Item](nil)), "Mirror"},
		"nil option":    {handler.NewDynamoDBEventHandler(fine, nil), "an option is nil"},
		"filter of another type": {handler.NewDynamoDBEventHandler(fine,
			handler.Where(func(*handler.Record[clash]) bool { return true })), "Where"},
		"nil filter": {handler.NewDynamoDBEventHandler(fine, handler.Where[Item](nil)), "the filter is nil"},
		"item type whose fields clash": {handler.NewDynamoDBEventHandler(handler.Mirror[clash](sink.Tee[clash]())),
			"mapping"},
	} {
		err := c.h.Validate()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Validate says %v, want %q", name, err, c.want)
			continue
		}
		invoke(t, c.h, inserts("")...).fails(t, c.want)
		invoke(t, c.h).fails(t, c.want)
	}
	if err := handler.NewDynamoDBEventHandler(fine).Validate(); err != nil {
		t.Errorf("a good handler: %v", err)
	}
}

// TestNeeds: the images that a handler declares are there, and the others are not even decoded.
func TestNeeds(t *testing.T) {
	t.Parallel()
	table := newTable()
	change := table.Modify(item("a", "old"), item("a", "new"))
	damagedOld := change.With("dynamodb.OldImage.do", `{"X":1}`)
	damagedNew := change.With("dynamodb.NewImage.do", `{"X":1}`)

	recorded := ""
	look := handleFunc(func(_ ctx, rec *handler.Record[Item], _ *sink.Batch) error {
		recorded = describe(rec)
		return nil
	})
	for _, c := range []struct {
		needs handler.Image
		r     record
		want  string
	}{
		{0, change, "old new"},
		{handler.NewImage, change, "- new"},
		{handler.NewImage, damagedOld, "- new"},
		{handler.OldImage, damagedNew, "old -"},
		{handler.NewImage | handler.OldImage, change, "old new"},
		{handler.NewImage, table.Remove(item("a", "")), "- -"},
		{handler.OldImage, table.Insert(item("a", "")), "- -"},
	} {
		invoke(t, handler.NewDynamoDBEventHandler(look, handler.Needs(c.needs)), c.r).succeeds(t)
		if recorded != c.want {
			t.Errorf("with Needs(%d) the handler got %q, want %q", c.needs, recorded, c.want)
		}
	}
}

func describe(rec *handler.Record[Item]) string {
	show := func(i *Item) string {
		if i == nil {
			return "-"
		}
		return i.Do
	}
	return show(rec.OldImage) + " " + show(rec.NewImage)
}

// TestMissingImage is a misconfiguration: the batch fails whatever the policy, and the error names the setting.
func TestMissingImage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		view  handler.StreamViewType
		needs handler.Image
		fails string // records that must not reach the handler: Insert, Modify, Remove
	}{
		{handler.NewAndOldImages, handler.NewImage | handler.OldImage, ""},
		{handler.NewImageOnly, handler.NewImage, ""},
		{handler.NewImageOnly, handler.OldImage, "MR"},
		{handler.OldImageOnly, handler.OldImage, ""},
		{handler.OldImageOnly, handler.NewImage, "IM"},
		{handler.KeysOnly, 0, ""},
		{handler.KeysOnly, handler.NewImage, "IM"},
		{handler.KeysOnly, handler.NewImage | handler.OldImage, "IMR"},
	} {
		table := newTable()
		table.ViewType = c.view
		for kind, r := range map[string]record{
			"I": table.Insert(item("a", "")), "M": table.Modify(item("a", ""), item("a", "")), "R": table.Remove(item("a", "")),
		} {
			letters := newLetters()
			nothing := handleFunc(func(ctx, *handler.Record[Item], *sink.Batch) error { return nil })
			h := handler.NewDynamoDBEventHandler(nothing, handler.Needs(c.needs), handler.DeadLetters(letters),
				handler.DeadLetterUnmarked(), handler.OnFailure(handler.HaltKey))
			got := invoke(t, h, table.Insert(item("b", "")).With("dynamodb.NewImage", `{}`).With("dynamodb.OldImage", `{}`), r)
			if !strings.Contains(c.fails, kind) {
				got.succeeds(t)
				continue
			}
			var config *handler.ConfigError
			if got.fails(t, "StreamViewType", string(c.view)); !errors.As(got.err, &config) || len(letters.Upserts()) > 0 {
				t.Errorf("%s with %s: %v, %d letters", kind, c.view, got.err, len(letters.Upserts()))
			}
		}
	}
}
