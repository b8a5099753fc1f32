package model

import "log/slog"

// quiet drops the reasons of reported records: here they are wanted.
var quiet = slog.New(slog.DiscardHandler)
