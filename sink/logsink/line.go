package logsink

import (
	"log/slog"
	"unicode/utf8"
)

// line gathers the attributes of a log line within its size limit.
type line struct {
	attrs []slog.Attr
	left  int
	cut   int
}

func (l *line) add(name, value string) {
	l.attrs = append(l.attrs, slog.String(name, l.clip(value)))
}

// addText adds JSON, as JSON if it is whole and as a plain text if it had to be cut.
func (l *line) addText(name string, value text) {
	if len(value) <= l.left {
		l.left -= len(value)
		l.attrs = append(l.attrs, slog.Any(name, value))
		return
	}
	l.add(name, string(value))
}

func (l *line) clip(s string) string {
	end := len(s)
	if end > l.left {
		end = l.left
		for end > 0 && !utf8.RuneStart(s[end]) {
			end--
		}
	}
	l.left -= end
	l.cut += len(s) - end
	return s[:end]
}

func (l *line) end() []slog.Attr {
	if l.cut > 0 {
		l.attrs = append(l.attrs, slog.Int("cut_bytes", l.cut))
	}
	return l.attrs
}
