package mongosink

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// The fake is a server on the other end of a pipe: what is tested is what the driver really sends.
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/

const (
	opReply = 1
	opQuery = 2004
	opMsg   = 2013
)

// command is one command as a server gets it.
type command struct {
	name string
	body bson.Raw
	ops  []bson.Raw // documents, updates or deletes
}

// errCut makes the fake close the connection instead of answering.
var errCut = errors.New("cut")

// connect returns a client of the fake, and disconnects it when the test ends.
func (f *fake) connect(t testing.TB, opts ...*options.ClientOptions) *mongo.Client {
	t.Helper()
	all := append([]*options.ClientOptions{options.Client().ApplyURI("mongodb://fake/?directConnection=true").
		SetDialer(f).SetServerSelectionTimeout(5 * time.Second)}, opts...)
	client, err := mongo.Connect(all...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Disconnect(context.Background()) })
	return client
}

// DialContext implements options.ContextDialer.
func (f *fake) DialContext(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		for {
			if err := f.serve(server); err != nil {
				return
			}
		}
	}()
	return client, nil
}

// serve answers one message.
func (f *fake) serve(c net.Conn) error {
	var header [16]byte
	if _, err := io.ReadFull(c, header[:]); err != nil {
		return err
	}
	word := func(at int) int { return int(binary.LittleEndian.Uint32(header[at:])) }
	body := make([]byte, word(0)-len(header))
	if _, err := io.ReadFull(c, body); err != nil {
		return err
	}
	if word(12) == opQuery { // the driver's first hello
		flags, one := make([]byte, 16), []byte{1, 0, 0, 0} // flags, cursor and offset; the number of documents
		return reply(c, word(4), opReply, append(flags, one...), f.hello())
	}
	const moreToCome = 2
	answer, err := f.answer(parse(body[4:]))
	if err != nil || body[0]&moreToCome != 0 {
		return err
	}
	return reply(c, word(4), opMsg, make([]byte, 5), answer) // flags, and the kind of the section
}

// reply sends a document behind the fields that go before it.
func reply(c net.Conn, to, code int, before []byte, document any) error {
	doc, err := bson.Marshal(document)
	if err != nil {
		return err
	}
	message := append(append(make([]byte, 16), before...), doc...)
	for i, n := range []int{len(message), 1, to, code} {
		binary.LittleEndian.PutUint32(message[4*i:], uint32(n))
	}
	_, err = c.Write(message)
	return err
}

// parse reads the sections of an OP_MSG: one document, and sequences of documents.
func parse(sections []byte) command {
	var c command
	for len(sections) > 0 {
		kind, rest := sections[0], sections[1:]
		size := binary.LittleEndian.Uint32(rest)
		section := rest[:size]
		sections = rest[size:]
		if kind == 0 {
			c.body = section
			continue
		}
		_, section = cstring(section[4:])
		for len(section) > 0 {
			n := binary.LittleEndian.Uint32(section)
			c.ops = append(c.ops, section[:n])
			section = section[n:]
		}
	}
	first, _ := c.body.IndexErr(0)
	c.name = first.Key()
	return c
}

func cstring(b []byte) (string, []byte) {
	for i := range b {
		if b[i] == 0 {
			return string(b[:i]), b[i+1:]
		}
	}
	return string(b), nil
}
