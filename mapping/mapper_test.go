package mapping

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

type autoBase struct {
	Version uint8
}

type autoItem struct {
	autoBase
	ID       string   `dynamodbav:"pk"`
	Status   myString `dynamodbav:"status"`
	Total    attributevalue.Number
	Seconds  int64  `dynamodbav:"placed_at"`
	Millis   int64  `dynamodbav:"changed_at"`
	Since    string `dynamodbav:"since"`
	Note     *string
	Tags     []string `dynamodbav:"tags,stringset"`
	Scores   []attributevalue.Number
	Address  autoAddress
	Geo      autoAddress
	Labels   map[string]int
	Blob     myBytes
	UserName string
	Unused   complex64
	Flag     bool
	Text     upper
	Time     time.Time `dynamodbav:",unixtime"`
	Tree     jsonTree
}

type autoAddress struct {
	Street string `dynamodbav:"street"`
	Zip    int    `dynamodbav:"zip"`
}

type autoRow struct {
	ID      string    `db:"pk,key"`
	State   string    `bson:"status"`
	Total   float64   `db:"total"`
	Seconds time.Time `db:"placed_at"`
	Millis  time.Time `db:"changed_at"`
	Since   *time.Time
	Note    sql.NullString
	Tags    []myString
	Scores  []int
	Address json.RawMessage
	Geo     struct {
		Street string `db:"street"`
		Zip    string
	}
	Labels   map[string]string
	Blob     []byte
	Username *string `db:"user_name"`
	Version  int
	Flag     myBool
	Text     string
	Time     int64
	Tree     jsonTree
	Skipped  chan int `db:"-"`
	internal int
}

func fullItem() autoItem {
	note := "n"
	return autoItem{
		autoBase: autoBase{7}, ID: "x", Status: "NEW", Total: "129.95", Seconds: 1768608000, Millis: 1768608000123, Since: "2026-01-17T10:00:00Z",
		Note: &note, Tags: []string{"a", "b"}, Scores: []attributevalue.Number{"1", "2"}, Address: autoAddress{"Main", 1}, Geo: autoAddress{"Side", 2},
		Labels: map[string]int{"k": 1}, Blob: myBytes{1}, UserName: "u", Flag: true, Text: upper{"T"}, Time: time.Unix(9, 0), Tree: jsonTree{Name: "t"},
	}
}

func TestAuto(t *testing.T) {
	t.Parallel()
	m, err := Auto[autoItem, autoRow]()
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Map(context.Background(), fullItem())
	if err != nil {
		t.Fatal(err)
	}
	user, since := "u", time.Date(2026, 1, 17, 10, 0, 0, 0, time.UTC)
	want := autoRow{
		ID: "x", State: "NEW", Total: 129.95, Seconds: time.Unix(1768608000, 0).UTC(), Millis: time.UnixMilli(1768608000123).UTC(), Since: &since,
		Note: sql.NullString{String: "n", Valid: true}, Tags: []myString{"a", "b"}, Scores: []int{1, 2}, Address: json.RawMessage(`{"street":"Main","zip":1}`),
		Labels: map[string]string{"k": "1"}, Blob: []byte{1}, Username: &user, Version: 7, Flag: true, Text: "T", Time: 9, Tree: jsonTree{Name: "t"},
	}
	want.Geo.Street, want.Geo.Zip = "Side", "2"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if got, err = m.Map(context.Background(), autoItem{Total: "0", Since: "0"}); err != nil || got.Note.Valid || got.Tags != nil {
		t.Errorf("zero item: %+v, %v", got, err)
	}
}

func TestAutoOverrides(t *testing.T) {
	t.Parallel()
	type item struct{ First, Last string }
	type row struct {
		Name string `db:"full_name"`
		Size *int64
		Gone time.Time
	}
	errMine := errors.New("mine, about " + secret)
	m, err := Auto[item, row](
		Set("full_name", func(i item) (string, error) { return i.First + " " + i.Last, nil }),
		Set("Size", func(i item) (int, error) {
			if i.First == "" {
				return 0, errMine
			}
			return len(i.First), nil
		}),
		Ignore[item]("Gone"),
	)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Map(context.Background(), item{"A", "B"})
	if err != nil || got.Name != "A B" || *got.Size != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = m.Map(context.Background(), item{})
	if !errors.Is(err, errMine) || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "attribute Size") {
		t.Errorf("error of an override: %v", err)
	}
}

func TestAutoConverts(t *testing.T) {
	t.Parallel()
	type list struct {
		Next *list
		N    int
	}
	type textList struct {
		Next *textList
		N    string
	}
	m, err := Auto[struct{ V list }, struct{ V textList }]()
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Map(context.Background(), struct{ V list }{list{&list{nil, 2}, 1}})
	if err != nil || got.V.N != "1" || got.V.Next.N != "2" || got.V.Next.Next != nil {
		t.Errorf("%+v, %v", got, err)
	}
	half, err := Auto[struct{ V float64 }, struct{ V time.Time }]()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := half.Map(context.Background(), struct{ V float64 }{1768608000.25}); err != nil || got.V.Nanosecond() != 250e6 {
		t.Errorf("%v, %v", got.V, err)
	}
}

func TestMapperFunc(t *testing.T) {
	t.Parallel()
	var m Mapper[int, string] = MapperFunc[int, string](func(_ context.Context, n int) (string, error) { return strings.Repeat("x", n), nil })
	if got, err := m.Map(context.Background(), 2); got != "xx" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
