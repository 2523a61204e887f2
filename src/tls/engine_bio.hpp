// How OpenSSL reads and writes for an Engine: from the bytes of the call, into the scratch of the call. Unlike its own
// memory BIO this copies nothing that comes, and keeps nothing between calls.
#pragma once

#include "tls/openssl.hpp"

namespace torc::tls::detail {

class Engine;

/// A BIO for `engine`, which must outlive it. Null when there is no memory.
BIO* make_engine_bio(Engine& engine) noexcept;

}  // namespace torc::tls::detail
