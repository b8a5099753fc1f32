// Package streamjson scans the JSON of a DynamoDB stream event: the low-level
// scanner that package mapping decodes items with, and the splitter that finds
// a payload's records without decoding their images.
//
// It works on strings: a substring shares memory with the payload and can
// never change under its reader, so nothing is copied and nothing is unsafe.
package streamjson
