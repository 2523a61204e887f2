// How TLS connections end, and why none comes about.
//
//   ConnectionLost (torc/net/errors.hpp)
//     TlsError                   broken inside: a forged record, an alert of the peer's
//       TlsHandshakeFailed       no secure connection came about
//         CertificateRefused     because of who the peer is, or is not
//       TlsTruncated             the peer's end was not vouched for: something may be missing
//   TlsConfigurationError        options that cannot be used: a file that is missing, a key that does not fit
#pragma once

#include <torc/base/errors.hpp>
#include <torc/net/errors.hpp>

namespace torc {

class TlsError : public ConnectionLost {
 public:
  using ConnectionLost::ConnectionLost;
};
class TlsHandshakeFailed : public TlsError {
 public:
  using TlsError::TlsError;
};
class CertificateRefused : public TlsHandshakeFailed {
 public:
  using TlsHandshakeFailed::TlsHandshakeFailed;
};
class TlsTruncated : public TlsError {
 public:
  using TlsError::TlsError;
};

class TlsConfigurationError : public Error {
 public:
  using Error::Error;
};

}  // namespace torc
