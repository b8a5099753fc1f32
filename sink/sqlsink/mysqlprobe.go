package sqlsink

import (
	"context"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
)

// texts is what the connections of a pool to MySQL let a text of several statements be. All begin alike.
type texts struct {
	mu      sync.Mutex
	asked   bool
	longest int // in bytes; 0: there can be none
}

// possible reports whether there may be texts of several statements.
func (t *texts) possible() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.asked || t.longest > 0
}

// longestText finds out once how long a text of several statements may be, and returns 0 where only statements with
// arguments will do.
func (s *store) longestText(ctx context.Context, conn *sqlx.Conn) (int, error) {
	s.texts.mu.Lock()
	defer s.texts.mu.Unlock()
	if s.texts.asked {
		return s.texts.longest, nil
	}
	longest, err := probeText(ctx, conn)
	if err != nil && (disconnected(err) || ctx.Err() != nil) {
		return 0, s.wrap("connect", err)
	}
	s.texts.asked, s.texts.longest = true, longest // 0 with any other error, which an open transaction meets again
	return longest, nil
}

// packetOverhead is what MySQL counts of a packet beside the text, generously.
const packetOverhead = 1024

// probeTimes show what a driver makes of times: before time zones, in winter and in summer, with all their digits.
var probeTimes = [...]time.Time{
	time.Date(1880, 1, 2, 3, 4, 5, 123456789, time.UTC),
	time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC),
	time.Date(2026, 7, 8, 9, 10, 11, 123456789, time.UTC),
}

// probeText returns an error, most likely the server's 1064 (syntax), if the connection takes one statement at a time. It
// returns 0 if the driver or the server would change an argument on its way, so that a literal is not the same: texts in
// another character set than Go's, times in another zone than UTC (the parameter loc of the data source name) or cut.
func probeText(ctx context.Context, conn *sqlx.Conn) (longest int, err error) {
	if _, err := conn.ExecContext(ctx, "DO 0; DO 0"); err != nil {
		return 0, err
	}
	var client, connection string
	var times [len(probeTimes)]string
	err = conn.QueryRowContext(ctx, "SELECT @@max_allowed_packet, @@character_set_client, @@character_set_connection, "+
		"CONCAT(?), CONCAT(?), CONCAT(?)", probeTimes[0], probeTimes[1], probeTimes[2]).
		Scan(&longest, &client, &connection, &times[0], &times[1], &times[2])
	if err != nil || client != "utf8mb4" || connection != "utf8mb4" {
		return 0, err
	}
	for i, t := range probeTimes {
		if times[i] != t.Format(time.DateTime+".999999999") {
			return 0, nil
		}
	}
	return longest - packetOverhead, nil
}
