package model

import (
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func newMongoWorld(t *testing.T) *world {
	m := servers.OwnMongo(t)
	direct := m.Open(t)
	if err := createCollections(t.Context(), direct); err != nil {
		t.Fatal(err)
	}
	few := options.Client().SetMaxPoolSize(4).SetServerSelectionTimeout(time.Second)
	s := &mongoStore{direct: direct, function: direct}
	w := newWorld("mongodb", s)
	if !*calm {
		proxy := wire.New(t, m.Addr)
		s.function = m.Via(t, proxy.Addr()).Open(t, few)
		w.faulty(t, proxy, m.Server, "find", "insert", "update")
	}
	return w
}
