package servers

import "context"

// Dir is the folder of a server.
func Dir(s *Server) string { return s.own.dir }

// OpenNamed takes the server that the environment names, else starts one.
func OpenNamed(name string) (*Server, error) { return openNamed(context.Background(), name) }

// MongoDir is the folder of a server's data.
func MongoDir(s *MongoServer) string { return s.storage.dir }

// StorageAddr is the address of the PostgreSQL behind a server.
func StorageAddr(s *MongoServer) string { return s.storage.addr() }
