package di

import (
	"context"
	"log/slog"
	"slices"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// requestHandler adds the id of the invocation that a context belongs to. It belongs to the top level of the line, so open
// groups are kept here and given to base together with the record; attributes outside of groups go to base at once.
type requestHandler struct {
	base   slog.Handler
	groups []openGroup // outermost first
}

type openGroup struct {
	name  string
	attrs []slog.Attr
}

func (h *requestHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.base.Enabled(ctx, level)
}

func (h *requestHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &requestHandler{h.base, append(slices.Clip(h.groups), openGroup{name: name})}
}

func (h *requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	n := len(h.groups)
	if n == 0 {
		return &requestHandler{base: h.base.WithAttrs(attrs)}
	}
	groups := slices.Clone(h.groups)
	groups[n-1].attrs = slices.Concat(groups[n-1].attrs, attrs)
	return &requestHandler{h.base, groups}
}

func (h *requestHandler) Handle(ctx context.Context, r slog.Record) error {
	if len(h.groups) > 0 {
		r = h.nested(r)
	}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		r = r.Clone()
		r.AddAttrs(slog.String("requestId", lc.AwsRequestID))
	}
	return h.base.Handle(ctx, r)
}

// nested moves the record's attributes into the open groups. Groups that stay empty are left out by base.
func (h *requestHandler) nested(r slog.Record) slog.Record {
	var attrs []slog.Attr
	r.Attrs(func(a slog.Attr) bool { attrs = append(attrs, a); return true })
	for _, g := range slices.Backward(h.groups) {
		attrs = slices.Concat(g.attrs, attrs)
		attrs = []slog.Attr{{Key: g.name, Value: slog.GroupValue(attrs...)}}
	}
	outer := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	outer.AddAttrs(attrs...)
	return outer
}
