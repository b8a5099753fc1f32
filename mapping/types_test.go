package mapping

import (
	"encoding"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

type jsonTime = time.Time

type jsonTree struct {
	Name     string
	Children []jsonTree
	Next     *jsonTree
	ByName   map[string]jsonTree
}

type (
	myString string
	myInt    int32
	myBytes  []byte
	myBool   bool
	myTime   time.Time
	myFloat  float64
)

// upper is a TextUnmarshaler; attributevalue calls it for map keys, and for
// values if it is told to.
type upper struct{ s string }

func (u *upper) UnmarshalText(b []byte) error { u.s = strings.ToUpper(string(b)); return nil }
func (u upper) MarshalText() ([]byte, error)  { return []byte(u.s), nil }

var _ encoding.TextUnmarshaler = (*upper)(nil)

type embedded struct {
	Deep   string `dynamodbav:"deep"`
	Shadow string
}

type Pointee struct{ ViaPointer string }

// everything has a field for each pair of attribute type and Go kind that
// attributevalue knows.
type everything struct {
	embedded
	*Pointee
	Shadow   string
	S        string
	PS       *string
	PPS      **string
	MyS      myString
	N        int
	N8       int8
	U        uint
	U8       uint8
	F        float64
	F32      float32
	MyI      myInt
	MyF      myFloat
	PN       *int
	Num      attributevalue.Number
	NumS     string
	B        []byte
	MyB      myBytes
	Arr      [4]byte
	ArrI     [2]int
	Flag     bool
	MyFlag   myBool
	PFlag    *bool
	T        time.Time
	PT       *time.Time
	MyT      myTime
	Unix     time.Time `dynamodbav:"unix,unixtime"`
	UnixT    attributevalue.UnixTime
	Str      int     `dynamodbav:"str,string"`
	StrF     float64 `dynamodbav:"strf,string"`
	StrS     string  `dynamodbav:"strs,string"`
	SS       []string
	MySS     []myString
	PSS      []*string
	NS       []int
	NSF      []float64
	NSN      []attributevalue.Number
	BS       [][]byte
	MyBS     []myBytes
	L        []string
	LL       [][]int
	LS       []embedded
	LP       []*embedded
	LA       []any
	M        map[string]string
	MI       map[int]string
	MBool    map[bool]int
	MText    map[upper]int
	MyM      map[myString]myInt
	MP       map[string]*embedded
	MA       map[string]any
	In       embedded
	PIn      *embedded
	Any      any
	Text     upper
	Bad      chan int
	Fn       func()
	Cx       complex128
	Ignored  string `dynamodbav:"-"`
	Folded   string `dynamodbav:"mixedCase"`
	hidden   string
	Iface    error
	Tree     *jsonTree
	Custom   unread
	PCustom  *unread
	LCustom  []unread
	Failing  failing
	FloatSet map[float64]string
}

// Fields that must stay as they are.
var (
	_ = everything{}.hidden
	_ = autoRow{}.internal
)
