/// HTTP/1.0 and HTTP/1.1 message syntax (RFC 9112), both directions, both sides: everything of the codec.
///
/// Parsers: http1_parser.hpp. Writers: http1_writer.hpp. The codec is pure: bytes in, events out, bytes out.
#pragma once

#include <torc/codec/http1_error.hpp>
#include <torc/codec/http1_fields.hpp>
#include <torc/codec/http1_head.hpp>
#include <torc/codec/http1_limits.hpp>
#include <torc/codec/http1_parser.hpp>
#include <torc/codec/http1_writer.hpp>
