// Package servers gives Go tests real databases: SQLite in a temporary file, and private PostgreSQL, MariaDB and MySQL
// servers that are started on loopback, thrown away afterwards and die with the test process.
//
// A test that holds for every database takes them one by one, each with a fresh, empty database:
//
//	func TestMain(m *testing.M) { servers.Main(m) }
//
//	func TestUpsert(t *testing.T) {
//		servers.Each(t, func(t *testing.T, e servers.Engine) {
//			db := e.Open(t)
//			…
//		})
//	}
//
// The servers are shared by the tests of one test binary and started when the first test needs them. A test that kills
// its server takes one of its own ([Own]).
//
// [Mongo] and [OwnMongo] are the same for a server that speaks MongoDB's protocol, [SQS] is one that speaks Amazon SQS.
//
// Where DYNASINK_POSTGRES_URL, DYNASINK_MARIADB_URL, DYNASINK_MYSQL_URL or MONGODB_URI names a server, that one is used instead and
// nothing is started; it cannot be killed, so tests that must do so are skipped there. Where a server is neither named
// nor installed the test is skipped with a message that says how to get it, unless DYNASINK_REQUIRE_SERVERS=1: then it
// fails. The script .ci/parts installs them all.
package servers
