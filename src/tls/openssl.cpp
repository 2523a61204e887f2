#include "tls/openssl.hpp"

#include <openssl/err.h>

namespace torc::tls::detail {

std::string take_error() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason ? reason : "it does not say why";
}

}  // namespace torc::tls::detail
