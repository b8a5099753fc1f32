package mapping

import "github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

// Option changes how a Decoder decodes.
type Option interface{ apply(*options) }

type option func(*options)

func (o option) apply(to *options) { o(to) }

type options struct {
	lossy   bool
	clone   bool
	decoder attributevalue.DecoderOptions
}

// LossyNumbers makes numbers behave as in attributevalue: a number that a
// float64 or float32 cannot hold is rounded to the nearest one, and an
// interface gets a float64. By default the first is an error, and an interface
// gets an attributevalue.Number, which has all digits.
func LossyNumbers() Option {
	return option(func(o *options) { o.lossy, o.decoder.UseNumber = true, false })
}

// CloneStrings gives every decoded string memory of its own, so that keeping
// one does not keep its item (or, with DecodeString, its payload) in memory.
// It costs one allocation per string.
func CloneStrings() Option { return option(func(o *options) { o.clone = true }) }

// DecoderOptions sets attributevalue's own options: a custom TagKey,
// DecodeTime, UseEncodingUnmarshalers, FixUnmarshalIndividualSetValues. The
// defaults are attributevalue's, except that UseNumber is on: see
// LossyNumbers.
func DecoderOptions(fns ...func(*attributevalue.DecoderOptions)) Option {
	return option(func(o *options) {
		for _, fn := range fns {
			fn(&o.decoder)
		}
	})
}

func newOptions(opts []Option) options {
	o := options{decoder: attributevalue.DecoderOptions{TagKey: "dynamodbav", UseNumber: true}}
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	return o
}

func (o *options) tagKey() string { return o.decoder.TagKey }
