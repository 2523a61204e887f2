// The registered status codes, by name and with their reason phrases.
//
// Used wherever a response is made or judged: `response.status = status::kNotFound`. Codes are plain ints because any three
// digits from 100 to 599 are valid on the wire and a client must handle those it does not know by their class (RFC 9110
// §15). The list is the IANA registry's; temporary and unused entries are left out.
#pragma once

#include <string_view>

namespace torc::http {

namespace status {

inline constexpr int kContinue = 100;
inline constexpr int kSwitchingProtocols = 101;
inline constexpr int kProcessing = 102;
inline constexpr int kEarlyHints = 103;

inline constexpr int kOk = 200;
inline constexpr int kCreated = 201;
inline constexpr int kAccepted = 202;
inline constexpr int kNonAuthoritativeInformation = 203;
inline constexpr int kNoContent = 204;
inline constexpr int kResetContent = 205;
inline constexpr int kPartialContent = 206;
inline constexpr int kMultiStatus = 207;
inline constexpr int kAlreadyReported = 208;
inline constexpr int kImUsed = 226;

inline constexpr int kMultipleChoices = 300;
inline constexpr int kMovedPermanently = 301;
inline constexpr int kFound = 302;
inline constexpr int kSeeOther = 303;
inline constexpr int kNotModified = 304;
inline constexpr int kUseProxy = 305;
inline constexpr int kTemporaryRedirect = 307;
inline constexpr int kPermanentRedirect = 308;

inline constexpr int kBadRequest = 400;
inline constexpr int kUnauthorized = 401;
inline constexpr int kPaymentRequired = 402;
inline constexpr int kForbidden = 403;
inline constexpr int kNotFound = 404;
inline constexpr int kMethodNotAllowed = 405;
inline constexpr int kNotAcceptable = 406;
inline constexpr int kProxyAuthenticationRequired = 407;
inline constexpr int kRequestTimeout = 408;
inline constexpr int kConflict = 409;
inline constexpr int kGone = 410;
inline constexpr int kLengthRequired = 411;
inline constexpr int kPreconditionFailed = 412;
inline constexpr int kContentTooLarge = 413;
inline constexpr int kUriTooLong = 414;
inline constexpr int kUnsupportedMediaType = 415;
inline constexpr int kRangeNotSatisfiable = 416;
inline constexpr int kExpectationFailed = 417;
inline constexpr int kMisdirectedRequest = 421;
inline constexpr int kUnprocessableContent = 422;
inline constexpr int kLocked = 423;
inline constexpr int kFailedDependency = 424;
inline constexpr int kTooEarly = 425;
inline constexpr int kUpgradeRequired = 426;
inline constexpr int kPreconditionRequired = 428;
inline constexpr int kTooManyRequests = 429;
inline constexpr int kRequestHeaderFieldsTooLarge = 431;
inline constexpr int kUnavailableForLegalReasons = 451;

inline constexpr int kInternalServerError = 500;
inline constexpr int kNotImplemented = 501;
inline constexpr int kBadGateway = 502;
inline constexpr int kServiceUnavailable = 503;
inline constexpr int kGatewayTimeout = 504;
inline constexpr int kHttpVersionNotSupported = 505;
inline constexpr int kVariantAlsoNegotiates = 506;
inline constexpr int kInsufficientStorage = 507;
inline constexpr int kLoopDetected = 508;
inline constexpr int kNotExtended = 510;
inline constexpr int kNetworkAuthenticationRequired = 511;

}  // namespace status

/// The registered reason phrase, "Not Found"; empty for a code that is not registered (an empty phrase is valid, RFC 9112 §4).
std::string_view reason(int status);

/// Whether HTTP can carry `status` at all: 100 to 599 (RFC 9110 §15).
constexpr bool is_valid_status(int status) { return status >= 100 && status <= 599; }

/// Whether a response with `status` is only a herald of the final one: 1xx. 101 ends HTTP on the connection.
constexpr bool is_interim(int status) { return status >= 100 && status <= 199; }

/// Whether a response with `status` has no content whatever its fields say: 1xx, 204, 304 (RFC 9112 §6.3).
constexpr bool forbids_content(int status) {
  return is_interim(status) || status == status::kNoContent || status == status::kNotModified;
}

/// Whether `status` sends the client elsewhere by a Location field: 301, 302, 303, 307, 308.
constexpr bool is_redirect(int status) {
  return status == status::kMovedPermanently || status == status::kFound || status == status::kSeeOther ||
         status == status::kTemporaryRedirect || status == status::kPermanentRedirect;
}

}  // namespace torc::http
