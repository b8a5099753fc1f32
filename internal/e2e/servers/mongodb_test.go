package servers_test

import (
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
)

func insert(t *testing.T, db *mongo.Database, id any) {
	t.Helper()
	if _, err := db.Collection("items").InsertOne(t.Context(), bson.D{{Key: "_id", Value: id}}); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *mongo.Database) int64 {
	t.Helper()
	n, err := db.Collection("items").CountDocuments(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMongoGivesAFreshDatabase(t *testing.T) {
	t.Parallel()
	for range 2 {
		db := servers.Mongo(t).Open(t)
		insert(t, db, "a") // would fail if they shared one
		if n := count(t, db); n != 1 {
			t.Errorf("got %d documents", n)
		}
	}
}

func TestMongoIsReachedThroughAProxy(t *testing.T) {
	t.Parallel()
	m := servers.Mongo(t)
	proxy := wire.New(t, m.Addr)
	insert(t, m.Via(t, proxy.Addr()).Open(t), "a")
	if n := count(t, m.Open(t)); n != 1 || proxy.Stats().Turns == 0 {
		t.Errorf("%d documents, %+v", n, proxy.Stats())
	}
}

func TestMongoKeepsWhatItAcknowledgedWhenItIsKilled(t *testing.T) {
	t.Parallel()
	m := servers.OwnMongo(t)
	for round := range int64(2) {
		insert(t, m.Open(t), round)
		if err := m.Server.Kill9(); err != nil {
			t.Fatal(err)
		}
		if conn, err := net.Dial("tcp", m.Addr); err == nil {
			conn.Close()
			t.Fatal("a killed server listens")
		}
		start := time.Now()
		if err := m.Server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("back after %v", time.Since(start).Round(time.Millisecond))
		if n := count(t, m.Open(t)); n != round+1 {
			t.Fatalf("round %d: got %d documents", round, n)
		}
	}
}

func TestAStoppedMongoLeavesNothing(t *testing.T) {
	t.Parallel()
	s, err := servers.OpenMongo(t.Context())
	if absent := new(servers.MissingError); errors.As(err, &absent) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	if s.External() {
		t.Skip("a server of the user's own is not stopped")
	}
	for range 2 {
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(servers.MongoDir(s)); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", servers.MongoDir(s), err)
	}
	if err := s.Restart(t.Context()); err == nil {
		t.Error("a stopped server came back")
	}
}

// TestMongoDiesWithTheTestProcess listens to both of its processes: what they leave open ends with them.
func TestMongoDiesWithTheTestProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a process when its parent dies")
	}
	t.Parallel()
	if servers.Mongo(t).Server.External() {
		t.Skip("a server of the user's own outlives the tests")
	}
	child, addrs := startChild(t, "mongodb")
	var open []net.Conn
	for addr := range strings.SplitSeq(addrs, ",") {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		open = append(open, conn)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, conn := range open {
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the server at %s lived on", conn.RemoteAddr())
		}
	}
}

func TestAMongoOfOnesOwnIsUsedAndLeftAsItWas(t *testing.T) {
	ours := servers.Mongo(t)
	t.Setenv("MONGODB_URI", ours.URI)
	own, err := servers.OpenMongo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !own.External() || own.Addr() != ours.Addr {
		t.Fatalf("started one of its own at %s", own.Addr())
	}
	var m servers.MongoDB
	t.Run("a test", func(t *testing.T) {
		m = own.NewDatabase(t)
		insert(t, m.Open(t), "a")
	})
	if n := count(t, m.Open(t)); n != 0 {
		t.Error("the test's database is still there")
	}
	for what, err := range map[string]error{"Kill9": own.Kill9(), "Restart": own.Restart(t.Context())} {
		if !errors.Is(err, servers.ErrExternal) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := own.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
	insert(t, ours.Open(t), "still there")
}

func TestABadMongoURIIsReportedWithoutItsPassword(t *testing.T) {
	for _, uri := range []string{"mongodb+srv://u:secret@x", "u:secret@host:1", "mongodb://u:secret@"} {
		t.Setenv("MONGODB_URI", uri)
		_, err := servers.OpenMongo(t.Context())
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "MONGODB_URI") {
			t.Errorf("%q: %v", uri, err)
		}
	}
}
