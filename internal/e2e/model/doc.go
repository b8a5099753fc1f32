// Package model holds the proof of the library's promise: whatever Lambda and the network do to the deliveries of a stream,
// the target ends as if every change had been applied once and in order.
//
// A random history of a few items (inserted, changed, removed, inserted again, some changes poisonous) becomes the
// records of a stream. A random schedule delivers them to the real handler in front of a real database: batches of any
// size, failures of the handler, redeliveries, replays of any part, redrives in any order, old deliveries running beside
// new ones, the wire cut at any moment, the server killed. At the end the tables must equal what the history says.
//
// Everything random comes from one seed, which a failure prints together with the command that runs it again.
package model
