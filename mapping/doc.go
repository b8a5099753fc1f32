// Package mapping turns DynamoDB items into Go values and back: the DynamoDB
// JSON of stream records ({"pk":{"S":"x"},...}), the SDK's attribute values,
// aws-lambda-go's attribute values, and plain JSON.
//
// # Decoding
//
// A [Decoder] gives exactly what attributevalue.UnmarshalMap gives: the
// dynamodbav struct tags with all their options, embedded structs, names that
// match but for case, attributevalue.Unmarshaler, encoding.TextUnmarshaler
// for map keys (and for values with UseEncodingUnmarshalers). It is stricter
// where attributevalue would hand over something else than what the table
// holds, or where the text cannot come from DynamoDB:
//
//	rule: this is an error                  why
//	--------------------------------------  -----------------------------------------------
//	a number that float64 or float32 rounds the row would hold another number than the item;
//	(0.1 is fine: it prints as 0.1 again)   see LossyNumbers
//	unknown attribute type, or none         attributevalue reads it as NULL, or skips it
//	two types in one attribute value        attributevalue takes either one, at random
//	a payload of null, as in {"S":null}     attributevalue reads it as NULL
//	N or NS that is not a number            attributevalue passes "abc" on to string fields
//	more than 38 digits, or out of range    no DynamoDB number; the text was damaged
//	empty set                               DynamoDB has none
//	the same attribute name twice           JSON decoders keep either one
//	invalid UTF-8, or half a surrogate      encoding/json replaces it by U+FFFD: another value
//	lists and maps nested deeper than 64    protects the stack; DynamoDB allows 32
//	text after the item                     the text was damaged
//	two fields of one depth with one name   attributevalue decodes neither (NewDecoder says so)
//
// These rules hold for all of an item, also for attributes that the Go type
// does not mention.
//
// If several attributes match one field only but for case, the first counts,
// and one that matches exactly counts more; attributevalue takes any of them.
//
// One thing is different rather than stricter: into an interface, N decodes as
// attributevalue.Number and NS as []attributevalue.Number, which have all
// digits. LossyNumbers turns that, and the first rule, back. A decimal type of
// one's own is exact, too: it implements attributevalue.Unmarshaler (and
// Marshaler for the way back).
//
// Decoding goes in one pass over the text into T, by a plan that is compiled
// once per type. Pairs of attribute type and Go type that the plan does not
// know go to attributevalue's own decoder, one attribute at a time: types that
// decode themselves, arrays of bytes, odd map keys, and most errors. So does
// what an interface already holds, where the first rule of the table does not
// reach.
//
// An attribute that no field takes is checked and passed over, unless the type
// has a field for all of these: see [Overflow].
//
// # Memory
//
// [Decoder.Decode] copies the item once, and its strings share that copy.
// [Decoder.DecodeString] and [Decoder.DecodePrefix] copy nothing: strings are
// substrings of what they are given, which stays in memory as long as one of
// them does. With [CloneStrings] each string has its own memory. Binaries
// always do. A flat item costs no allocation but these.
//
// # Mapping
//
// A [Mapper] turns items into rows. [Auto] makes one by matching the fields of
// two structs, and says at start-up what it cannot map.
//
// # Errors
//
// All errors are of type [*Error], which has the path of the attribute and
// never an item's values.
package mapping
