package sqlsink

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"
)

// spaced makes bytes comparable by eye.
func spaced(b []byte) string {
	s := hex.EncodeToString(b)
	var groups []string
	for len(s) > 4 {
		groups, s = append(groups, s[:4]), s[4:]
	}
	return strings.Join(append(groups, s), " ")
}

// TestBinaryFormats compares with what the …send functions of PostgreSQL return for the same values.
func TestBinaryFormats(t *testing.T) {
	t.Parallel()
	at := func(text string) datum {
		v, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return momentOf(v)
	}
	cases := []struct {
		oid   uint32
		value datum
		want  string
	}{
		{16, booleanOf(true), "01"},
		{16, booleanOf(false), "00"},
		{17, octetsOf([]byte{0, 0xff}), "00ff"},
		{20, integerOf(-2), "ffff ffff ffff fffe"},
		{21, integerOf(-32768), "8000"},
		{23, integerOf(1 << 20), "0010 0000"},
		{25, textOf("ž"), "c5be"},
		{700, realOf(0.1), "3dcc cccd"},
		{701, realOf(-2.5), "c004 0000 0000 0000"},
		{701, realOf(math.Inf(1)), "7ff0 0000 0000 0000"},
		{114, textOf("{}"), "7b7d"},
		{3802, textOf("{}"), "017b 7d"},
		{1114, at("2000-01-01T00:00:00.000001Z"), "0000 0000 0000 0001"},
		{1184, at("1999-12-31T23:59:59+00:00"), "ffff ffff fff0 bdc0"},
		{1184, at("2024-02-29T23:59:58.1234565-05:00"), "0002 b591 0429 51c0"},
		{1184, at("0001-01-01T00:00:00Z"), "ff1f e2ff c59c 6000"},
		{1700, integerOf(0), "0000 0000 0000 0000"},
		{1700, textOf("-0.00"), "0000 0000 0000 0002"},
		{1700, textOf("12345.678"), "0003 0001 0000 0003 0001 0929 1a7c"},
		{1700, textOf("-0.00012345"), "0002 ffff 4000 0008 0001 0929"},
		{1700, textOf("10000"), "0001 0001 0000 0000 0001"},
		{1700, textOf("0012.50"), "0002 0000 0000 0002 000c 1388"},
		{1700, integerOf(math.MinInt64), "0005 0004 4000 0000 039a 0d2c 0170 1565 16b0"},
		{2950, textOf("00112233-4455-6677-8899-AABBCCDDEEFF"), "0011 2233 4455 6677 8899 aabb ccdd eeff"},
	}
	for _, c := range cases {
		e := elements[c.oid]
		if !e.fits(&c.value) {
			t.Errorf("%s: %+v has no binary format", e.name, c.value)
			continue
		}
		if got := spaced(e.append(nil, &c.value)); got != c.want {
			t.Errorf("%s: %+v is %s, want %s", e.name, c.value, got, c.want)
		}
	}
}

// TestWhatGoesAsText: the server converts it, or says what is wrong with it.
func TestWhatGoesAsText(t *testing.T) {
	t.Parallel()
	for oid, values := range map[uint32][]datum{
		16:   {textOf("t"), integerOf(1)},
		17:   {textOf(`\x00`)},
		20:   {textOf("1"), realOf(1)},
		21:   {integerOf(32768), integerOf(-32769), textOf("1")},
		23:   {integerOf(1 << 31), integerOf(-1<<31 - 1)},
		25:   {integerOf(1), octetsOf([]byte{1}), booleanOf(true)},
		700:  {realOf(1e39), realOf(-1e39), realOf(1e-40), realOf(math.NaN()), integerOf(1)},
		701:  {textOf("1"), integerOf(1)},
		1114: {momentOf(time.Date(-4800, 1, 1, 0, 0, 0, 0, time.UTC)), momentOf(time.Date(294270, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(10, 0, 0)), textOf("now")},
		1700: {
			textOf(""), textOf("-"), textOf("."), textOf(".5"), textOf("5."), textOf("+1"), textOf("1e3"), textOf("NaN"), textOf("1_0"), textOf(" 1"),
			textOf("1.2.3"), textOf("--1"), textOf("٣"), textOf(strings.Repeat("1", 101)), realOf(1),
		},
		2950: {
			textOf(""), textOf("00112233445566778899aabbccddeeff"), textOf("{00112233-4455-6677-8899-aabbccddeeff}"),
			textOf("00112233-4455-6677-8899-aabbccddeefg"), textOf("0011-2233-4455-6677-8899-aabbccddeef"), textOf("00112233x4455-6677-8899-aabbccddeeff"),
			octetsOf([]byte("00112233-4455-6677-8899-aabbccddeeff")),
		},
		3802: {octetsOf([]byte("{}"))},
	} {
		for _, v := range values {
			if elements[oid].fits(&v) {
				t.Errorf("%s: %+v goes in the binary format", elements[oid].name, v)
			}
		}
	}
}

func TestArraysAndCopy(t *testing.T) {
	t.Parallel()
	g := newGrid(2, 3)
	g.add(integerOf(1), textOf(`a"\`), integerOf(-1), datum{}, datum{}, textOf(""))
	columns := []pgColumn{{"smallint", 21}, pgText}
	src := sourceOf(g, columns)
	for what, c := range map[string][2]string{
		"array of int2": {spaced(g.binaryArray(0, src.columns[0].element)), "0000 0001 0000 0001 0000 0015 0000 0003 0000 0001 " +
			"0000 0002 0001 0000 0002 ffff ffff ffff"},
		"array of text": {spaced(g.binaryArray(1, src.columns[1].element)), "0000 0001 0000 0001 0000 0019 0000 0003 0000 0001 " +
			"0000 0003 6122 5cff ffff ff00 0000 00"},
		"literals": {g.literalArray(0) + g.literalArray(1), `{"1","-1",NULL}{"a\"\\",NULL,""}`},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: got %s, want %s", what, c[0], c[1])
		}
	}
	const header = "5047 434f 5059 0aff 0d0a 0000 0000 0000 0000 00"
	data, ok := copyData(&workspace{}, g, columns)
	if got, want := spaced(data), header+"00 0200 0000 0200 0100 0000 0361 225c "+
		"0002 0000 0002 ffff ffff ffff 0002 ffff ffff 0000 0000 ffff"; !ok || got != want {
		t.Errorf("COPY: got %s, want %s", got, want)
	}
	if _, ok := copyData(&workspace{}, g, []pgColumn{{"smallint", 21}, {"citext", 99999}}); ok {
		t.Error("COPY of a type without a binary format")
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	cases := []struct{ typeName, json, want string }{
		{"text[]", `["a","b\"\\","NULL",null,""]`, `{"a","b\"\\","NULL",NULL,""}`},
		{"text[]", `[]`, `{}`},
		{"text[]", `{a,b}`, `{a,b}`},
		{"text[]", `[0:1]={a,b}`, `[0:1]={a,b}`},
		{"text[]", `["<&>ž\u0041"]`, `{"<&>žA"}`},
		{"bigint[]", `[9223372036854775807,-1]`, `{"9223372036854775807","-1"}`},
		{"numeric[]", `[1.50,1e3]`, `{"1.50","1e3"}`},
		{"boolean[]", `[true,false]`, `{"true","false"}`},
		{"integer[]", `[[1,2],[3,4]]`, `{{"1","2"},{"3","4"}}`},
		{"bytea[]", `["AP8=","not base64!"]`, `{"\\x00ff","not base64!"}`},
		{"timestamp without time zone[]", `["2024-01-01T23:00:00-05:00","infinity"]`, `{"2024-01-02 04:00:00+00:00","infinity"}`},
		{"date[]", `["2024-01-01T23:00:00-05:00","2024-01-01"]`, `{"2024-01-02 04:00:00+00:00","2024-01-01"}`},
		{"timestamp with time zone[]", `["2024-01-01T23:00:00-05:00"]`, `{"2024-01-01T23:00:00-05:00"}`},
		{"jsonb[]", `[{"a":[1]},[1],"s",null]`, `{"{\"a\":[1]}","[1]","\"s\"",NULL}`},
	}
	for _, c := range cases {
		g := newGrid(1, 1)
		g.add(textOf(c.json))
		sourceOf(g, []pgColumn{{c.typeName, 1}})
		if got := g.cells[0].text; got != c.want {
			t.Errorf("%s: %s becomes %s, want %s", c.typeName, c.json, got, c.want)
		}
	}
}
