#include <torc/codec/http1_error.hpp>

namespace torc::codec::http1 {

int status_for(Error error) noexcept {
  switch (error) {
    case Error::kNone: return 200;
    case Error::kBodyTooLarge: return 413;
    case Error::kStartLineTooLong: return 414;
    case Error::kFieldLineTooLong:
    case Error::kHeadTooLarge:
    case Error::kTooManyFields:
    case Error::kTrailersTooLarge: return 431;
    case Error::kMethodTooLong:
    case Error::kUnsupportedCoding: return 501;
    case Error::kBadStatusLine:
    case Error::kBadStatus:
    case Error::kBadReason:
    case Error::kNoResponse:
    case Error::kUnsolicitedResponse: return 502;
    case Error::kUnsupportedVersion: return 505;
    default: return 400;
  }
}

std::string_view describe(Error error) noexcept {
  switch (error) {
    case Error::kNone: return "no error";
    case Error::kBadMethod: return "the method is not a token followed by a space";
    case Error::kMethodTooLong: return "the method is longer than any known one";
    case Error::kBadTarget: return "the request target is malformed or has a form its method does not allow";
    case Error::kBadVersion:
      return "the start line does not have a well-formed HTTP version and a CRLF where they belong";
    case Error::kUnsupportedVersion: return "the HTTP version is neither 1.0 nor 1.1";
    case Error::kBadStatusLine: return "the status line is malformed";
    case Error::kBadStatus: return "the status is outside 100 to 599";
    case Error::kBadReason: return "the reason phrase has a control character or no CRLF behind it";
    case Error::kStartLineTooLong: return "the start line is longer than its limit";
    case Error::kBadFieldName: return "a field name is not a token directly followed by a colon";
    case Error::kObsoleteFold: return "a field line begins with white space, which was once used to fold lines";
    case Error::kBadFieldValue: return "a field value has a control character or no CRLF behind it";
    case Error::kFieldLineTooLong: return "a field line is longer than its limit";
    case Error::kHeadTooLarge: return "the head is larger than its limit";
    case Error::kTooManyFields: return "there are more fields than the limit allows";
    case Error::kMissingHost: return "an HTTP/1.1 request has no Host field";
    case Error::kDuplicateHost: return "there is more than one Host field";
    case Error::kBadHost: return "the Host field is not a host with an optional port";
    case Error::kBadContentLength: return "the Content-Length is not one decimal number below 2^64";
    case Error::kDuplicateContentLength: return "there is more than one Content-Length field";
    case Error::kLengthAndCoding: return "there are both a Content-Length and a Transfer-Encoding";
    case Error::kBadTransferEncoding: return "the Transfer-Encoding does not end in one chunked";
    case Error::kUnsupportedCoding: return "the Transfer-Encoding has a coding other than chunked";
    case Error::kTransferEncodingInHttp10: return "an HTTP/1.0 message has a Transfer-Encoding";
    case Error::kBadChunkSize: return "a chunk size is not 1 to 16 hexadecimal digits";
    case Error::kBadChunkExtension: return "a chunk extension is malformed";
    case Error::kBadChunkEnd: return "a chunk or its size line does not end with CRLF";
    case Error::kChunkLineTooLong: return "a chunk-size line is longer than its limit";
    case Error::kTrailersTooLarge: return "the trailer section is larger than its limit";
    case Error::kForbiddenTrailer: return "a trailer field is one that only a head may have";
    case Error::kBodyTooLarge: return "the content is larger than its limit";
    case Error::kTruncated: return "the connection ended inside a message";
    case Error::kNoResponse: return "the connection ended before the response began";
    case Error::kUnsolicitedResponse: return "the server sent bytes while no request was open";
  }
  return "unknown error";
}

}  // namespace torc::codec::http1
