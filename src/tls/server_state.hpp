// What the connections of a Server share, until the next reload.
#pragma once

#include "tls/certificates.hpp"
#include "tls/context.hpp"
#include "tls/tickets.hpp"

#include <torc/tls/server.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace torc::tls {

class Server::State final : public detail::Context {
 public:
  /// Goes on with the ticket keys of `before`, unless it asked something else of clients.
  State(const ServerOptions& options, const State* before);
  void prepare(SSL* connection, const std::string& host) const override;
  detail::TicketKeys& tickets() const noexcept { return *tickets_; }

 private:
  using Policy = std::array<unsigned char, 32>;

  void ask_for_certificates(const ServerOptions& options);
  Policy policy(const ServerOptions& options) const;
  void resume_sessions(const ServerOptions& options, const State* before);
  int choose_certificate(SSL* connection, int* alert) const;
  int choose_protocol(const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                      unsigned length) const;
  static const State& of(const SSL* connection);

  std::vector<unsigned char> alpn_;
  std::optional<detail::NamedCertificates> named_;
  bool has_default_;
  Policy policy_;
  std::shared_ptr<detail::TicketKeys> tickets_;
};

}  // namespace torc::tls
