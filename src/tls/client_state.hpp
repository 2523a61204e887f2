// What the connections of a ClientContext share.
#pragma once

#include "tls/context.hpp"
#include "tls/sessions.hpp"

#include <torc/tls/client.hpp>

#include <string>

namespace torc::tls {

class ClientContext::State final : public detail::Context {
 public:
  explicit State(ClientOptions options);
  void prepare(SSL* connection, const std::string& host) const override;

  const ClientOptions options;

 private:
  mutable detail::Sessions sessions_;
};

}  // namespace torc::tls
