package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/mongosink"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// mongoStorm is the stream of changes of storm, for collections with each guard.
type mongoStorm struct {
	db       *mongo.Database
	live     *mongosink.Collection[doc[int]]
	soft     *mongosink.Collection[doc[int]]
	versions *mongosink.Collection[doc[int]]
}

func newMongoStorm(t *testing.T) *mongoStorm {
	t.Helper()
	db := servers.Mongo(t).Open(t)
	s := &mongoStorm{db: db}
	_, s.live = mongoTarget[doc[int]](t, db, "live", nil)
	_, s.soft = mongoTarget[doc[int]](t, db, "soft", []mongosink.CollectionOption{mongosink.SoftDelete("gone", "")})
	_, s.versions = mongoTarget[doc[int]](t, db, "versions", []mongosink.CollectionOption{mongosink.GuardVersion("v")})
	return s
}

// deliver delivers records as Lambda does, until they are committed.
func (s *mongoStorm) deliver(ctx context.Context, records []int) error {
	targets := sink.Tee[doc[int]](s.live, s.soft, s.versions)
	var err error
	for range 500 {
		u := sink.NewUnit()
		for _, r := range records {
			b := u.Begin(sink.Origin{Source: "arn", EventID: fmt.Sprint("event ", r), Sequence: sequenceOf(r)})
			row := doc[int]{stormKey(r), r}
			if removes(r) {
				targets.Delete(b, row)
			} else {
				targets.Upsert(b, row)
			}
			if err := b.End(nil); err != nil {
				return err
			}
		}
		if err = u.Commit(ctx, nil); !sink.IsTransient(err) && !sink.IsUncertain(err) {
			return err
		}
	}
	return err
}

func (s *mongoStorm) check(t *testing.T) {
	t.Helper()
	want := map[string]int{}
	for r := range stormRecords {
		want[stormKey(r)] = r
		if removes(r) {
			delete(want, stormKey(r))
		}
	}
	for name, target := range map[string]*mongosink.Collection[doc[int]]{"live": s.live, "soft": s.soft, "versions": s.versions} {
		got := map[string]int{}
		for _, d := range living(t, s.db.Collection(name), target) {
			got[d.ID] = d.V
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestMongoRedeliveredSuffixes delivers the stream, then every suffix of it again, and then every record by itself.
func TestMongoRedeliveredSuffixes(t *testing.T) {
	t.Parallel()
	s := newMongoStorm(t)
	for from := range 2 * stormRecords {
		records := []int{from % stormRecords}
		if from < stormRecords {
			records = upToRecord(from, stormRecords)
		}
		if err := s.deliver(t.Context(), records); err != nil {
			t.Fatal(err)
		}
	}
	s.check(t)
	if s.live.Stale() == 0 || s.soft.Stale() == 0 || s.versions.Stale() == 0 {
		t.Error("no write was stale, so nothing was tested")
	}
}

// TestMongoConcurrentDeliveriesConverge has four invocations deliver overlapping parts of the stream at once, each in an order of
// its own.
func TestMongoConcurrentDeliveriesConverge(t *testing.T) {
	t.Parallel()
	s := newMongoStorm(t)
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 7))
			for round := range 5 {
				from := random.IntN(stormRecords)
				records := upToRecord(from, from+1+random.IntN(stormRecords-from))
				if round == 4 {
					records = upToRecord(0, stormRecords)
				}
				if err := s.deliver(t.Context(), records); err != nil {
					t.Errorf("worker %d: %v", worker, err)
					return
				}
			}
		})
	}
	wait.Wait()
	s.check(t)
}
