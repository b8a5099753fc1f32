// Package logsink is a sink that writes to log/slog: one line for every staged write, with what happened, which stream
// record it comes from, and, as far as it is told to, to which item.
//
// It is made to stand beside a store, by [sink.Tee], or in its place while a handler is being written:
//
//	orders := sink.Tee(table, logsink.New(logger, logsink.Options[OrderRow]{
//		Key: func(o OrderRow) string { return o.ID },
//	}))
//
// By default a line holds no value of an item, only the names and types of its fields: logs are read, shipped and kept
// by more people than a database is. See [Options] for what turns values on.
//
// A log is an effect: it comes after the stores in a commit, what a failed record staged is not in it, and records that
// are delivered again are logged again. Writes are logged in their order, each of them, not only the last of each row.
package logsink
