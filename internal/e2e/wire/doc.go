// Package wire puts a proxy between a client and a server on loopback that delays, cuts and holds back what passes, at
// a moment that the test chooses.
//
//	proxy := wire.New(t, e.Addr)
//	db := e.Via(t, proxy.Addr()).Open(t)
//
//	shot := proxy.CutNext(wire.After(wire.Text("commit")))
//	err := save(db) // fails, but the server has committed
//	<-shot.Fired()
//
// The moments: [Before] the server sees it (it rolls back), [During] (it sees half of it, and rolls back), [After] it
// has carried it out but before the client hears of it, [Late] (the client hears of a cut, and the server of the
// request only when the test says so), [Stall] (nobody hears anything until the client gives up).
//
// What triggers them: a [Text] in what the client sends, as "commit" is in PostgreSQL's and MySQL's protocols when it is
// sent as a plain query; the n-th [Turn], that is request, whatever it is; the n-th [Byte]; an [Answer] of the server's,
// as "COMMIT" in PostgreSQL's, which tells a commit also where the client sends it as a prepared statement.
//
// Whatever the moment: by the time the client sees the cut the server has seen the end of the connection and ended its
// side, except for [Late]. So the outcome does not depend on which of them is faster.
package wire
