// TicketKeys: what session tickets are sealed with (RFC 5077, RFC 8446 4.6.1).
//
//   newest ── seals and opens ──(half the lifetime, or rotate())──▶ older: opens only ──(the lifetime)──▶ forgotten
//
// So a ticket is good for half the lifetime at least, and a key that leaks opens what came in that lifetime at most.
// Kept in memory only, never shared between two servers: a ticket of one means nothing to the other. From any thread.
#pragma once

#include "tls/openssl.hpp"

#include <torc/base/time.hpp>

#include <array>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <span>

namespace torc::tls::detail {

class TicketKeys {
 public:
  struct Key {
    std::array<unsigned char, 16> name;
    std::array<unsigned char, 32> cipher;
    std::array<unsigned char, 32> mac;
    Instant made;
  };

  explicit TicketKeys(Duration lifetime) : lifetime_(lifetime) {}

  /// What seals a ticket at `now`. None when the system gives no random bytes.
  std::optional<Key> newest(Instant now);
  /// What opens one sealed with the key of this name; none when it is unknown or too old.
  std::optional<Key> find(std::span<const unsigned char, 16> name, Instant now);
  /// From here on a new key seals; the others go on opening.
  void rotate();
  bool is_newest(const Key& key) const;
  std::size_t size() const;

  /// What OpenSSL asks for when it seals or opens a ticket (SSL_CTX_set_tlsext_ticket_key_evp_cb). 2: opened, and the
  /// client should be given another.
  static int seal_or_open(TicketKeys& keys, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                          EVP_MAC_CTX* mac, bool seal);

 private:
  void forget_old(Instant now);

  mutable std::mutex mutex_;
  const Duration lifetime_;
  std::deque<Key> keys_;  // the newest in front
  bool rotate_ = false;
};

}  // namespace torc::tls::detail
