#include "tls/tickets.hpp"

#include <torc/async/scheduler.hpp>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <chrono>

namespace torc::tls::detail {

namespace {

constexpr std::size_t kKeys = 8;  // rotating by hand more often forgets the oldest

Instant now() {
  if (const Scheduler* home = Scheduler::current()) return home->now();
  return Instant(std::chrono::steady_clock::now().time_since_epoch());
}

bool start(const TicketKeys::Key& key, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, bool seal) {
  auto* mac_key = const_cast<unsigned char*>(key.mac.data());
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key, key.mac.size()),
                               OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, seal) == 1 &&
         EVP_MAC_CTX_set_params(mac, params) == 1;
}

}  // namespace

std::optional<TicketKeys::Key> TicketKeys::newest(Instant now) {
  const std::scoped_lock lock(mutex_);
  forget_old(now);
  if (keys_.empty() || rotate_ || now - keys_.front().made >= lifetime_ / 2) {
    Key key{.made = now};
    if (RAND_bytes(key.name.data(), key.name.size()) != 1 ||
        RAND_priv_bytes(key.cipher.data(), key.cipher.size()) != 1 ||
        RAND_priv_bytes(key.mac.data(), key.mac.size()) != 1) {
      return std::nullopt;
    }
    keys_.push_front(key);
    if (keys_.size() > kKeys) keys_.pop_back();
    rotate_ = false;
  }
  return keys_.front();
}

std::optional<TicketKeys::Key> TicketKeys::find(std::span<const unsigned char, 16> name, Instant now) {
  const std::scoped_lock lock(mutex_);
  forget_old(now);
  const auto found = std::ranges::find_if(keys_, [&](const Key& key) { return std::ranges::equal(key.name, name); });
  return found == keys_.end() ? std::nullopt : std::optional(*found);
}

void TicketKeys::rotate() {
  const std::scoped_lock lock(mutex_);
  rotate_ = true;
}

bool TicketKeys::is_newest(const Key& key) const {
  const std::scoped_lock lock(mutex_);
  return !rotate_ && !keys_.empty() && keys_.front().name == key.name;
}

std::size_t TicketKeys::size() const {
  const std::scoped_lock lock(mutex_);
  return keys_.size();
}

void TicketKeys::forget_old(Instant now) {
  while (!keys_.empty() && now - keys_.back().made >= lifetime_) keys_.pop_back();
}

int TicketKeys::seal_or_open(TicketKeys& keys, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                             EVP_MAC_CTX* mac, bool seal) {
  if (seal) {
    const auto key = keys.newest(now());
    if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    std::ranges::copy(key->name, name);
    return start(*key, iv, cipher, mac, true) ? 1 : -1;
  }
  const auto key = keys.find(std::span<const unsigned char, 16>(name, 16), now());
  if (!key) return 0;
  if (!start(*key, iv, cipher, mac, false)) return -1;
  return keys.is_newest(*key) ? 1 : 2;
}

}  // namespace torc::tls::detail
