#include "torc/http/status.hpp"

namespace torc::http {

std::string_view reason(int status) {
  switch (status) {
    case status::kContinue: return "Continue";
    case status::kSwitchingProtocols: return "Switching Protocols";
    case status::kProcessing: return "Processing";
    case status::kEarlyHints: return "Early Hints";
    case status::kOk: return "OK";
    case status::kCreated: return "Created";
    case status::kAccepted: return "Accepted";
    case status::kNonAuthoritativeInformation: return "Non-Authoritative Information";
    case status::kNoContent: return "No Content";
    case status::kResetContent: return "Reset Content";
    case status::kPartialContent: return "Partial Content";
    case status::kMultiStatus: return "Multi-Status";
    case status::kAlreadyReported: return "Already Reported";
    case status::kImUsed: return "IM Used";
    case status::kMultipleChoices: return "Multiple Choices";
    case status::kMovedPermanently: return "Moved Permanently";
    case status::kFound: return "Found";
    case status::kSeeOther: return "See Other";
    case status::kNotModified: return "Not Modified";
    case status::kUseProxy: return "Use Proxy";
    case status::kTemporaryRedirect: return "Temporary Redirect";
    case status::kPermanentRedirect: return "Permanent Redirect";
    case status::kBadRequest: return "Bad Request";
    case status::kUnauthorized: return "Unauthorized";
    case status::kPaymentRequired: return "Payment Required";
    case status::kForbidden: return "Forbidden";
    case status::kNotFound: return "Not Found";
    case status::kMethodNotAllowed: return "Method Not Allowed";
    case status::kNotAcceptable: return "Not Acceptable";
    case status::kProxyAuthenticationRequired: return "Proxy Authentication Required";
    case status::kRequestTimeout: return "Request Timeout";
    case status::kConflict: return "Conflict";
    case status::kGone: return "Gone";
    case status::kLengthRequired: return "Length Required";
    case status::kPreconditionFailed: return "Precondition Failed";
    case status::kContentTooLarge: return "Content Too Large";
    case status::kUriTooLong: return "URI Too Long";
    case status::kUnsupportedMediaType: return "Unsupported Media Type";
    case status::kRangeNotSatisfiable: return "Range Not Satisfiable";
    case status::kExpectationFailed: return "Expectation Failed";
    case status::kMisdirectedRequest: return "Misdirected Request";
    case status::kUnprocessableContent: return "Unprocessable Content";
    case status::kLocked: return "Locked";
    case status::kFailedDependency: return "Failed Dependency";
    case status::kTooEarly: return "Too Early";
    case status::kUpgradeRequired: return "Upgrade Required";
    case status::kPreconditionRequired: return "Precondition Required";
    case status::kTooManyRequests: return "Too Many Requests";
    case status::kRequestHeaderFieldsTooLarge: return "Request Header Fields Too Large";
    case status::kUnavailableForLegalReasons: return "Unavailable For Legal Reasons";
    case status::kInternalServerError: return "Internal Server Error";
    case status::kNotImplemented: return "Not Implemented";
    case status::kBadGateway: return "Bad Gateway";
    case status::kServiceUnavailable: return "Service Unavailable";
    case status::kGatewayTimeout: return "Gateway Timeout";
    case status::kHttpVersionNotSupported: return "HTTP Version Not Supported";
    case status::kVariantAlsoNegotiates: return "Variant Also Negotiates";
    case status::kInsufficientStorage: return "Insufficient Storage";
    case status::kLoopDetected: return "Loop Detected";
    case status::kNotExtended: return "Not Extended";
    case status::kNetworkAuthenticationRequired: return "Network Authentication Required";
    default: return {};
  }
}

}  // namespace torc::http
