#include "tls/engine.hpp"

#include "tls/engine_bio.hpp"

#include <torc/tls/errors.hpp>

#include <openssl/err.h>

#include <utility>

namespace torc::tls::detail {

namespace {

constexpr std::size_t kRecord = 16 * 1024;  // the most plaintext one record holds (RFC 8446 5.1)
constexpr std::size_t kHelloHead = 9;       // of the first record and of the message in it
constexpr std::size_t kLongestHello = 32 * 1024;

// During a call the engine points into what the caller gave; afterwards at nothing.
class Call {
 public:
  Call(std::string_view& input, Scratch*& output, std::string_view ciphertext, Scratch& out) noexcept
      : input_(input), output_(output) {
    input_ = ciphertext;
    output_ = &out;
    if (ERR_peek_error() != 0) ERR_clear_error();  // left by others; looking is cheaper
  }
  ~Call() {
    input_ = {};
    output_ = nullptr;
  }

 private:
  std::string_view& input_;
  Scratch*& output_;
};

// The first error that TLS itself reports, or else the first of all; none is left.
unsigned long take_cause() noexcept {
  unsigned long cause = 0;
  while (const auto code = ERR_get_error()) {
    if (cause == 0 || (ERR_GET_LIB(cause) != ERR_LIB_SSL && ERR_GET_LIB(code) == ERR_LIB_SSL)) cause = code;
  }
  return cause;
}

std::string words(unsigned long code) {
  const char* text = ERR_reason_error_string(code);
  return text ? text : "out of memory";
}

// The peer's alert, without the version that it was introduced in: "tlsv13 alert certificate required".
std::string alert(unsigned long code) {
  std::string text = words(code);
  for (const std::string_view prefix : {"tlsv1 ", "tlsv13 ", "sslv3 ", "ssl/tls ", "alert "}) {
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
  }
  return text;
}

}  // namespace

Engine::Engine(std::shared_ptr<const Context> context, std::string host)
    : context_(std::move(context)),
      host_(std::move(host)),
      ssl_(SSL_new(context_->ssl())),
      hello_seen_(!context_->is_server()) {
  BIO* bio = ssl_ ? make_engine_bio(*this) : nullptr;
  if (!bio) throw TlsConfigurationError("OpenSSL gives no connection: " + take_error());
  SSL_set_bio(ssl(), bio, bio);
  SSL_set_app_data(ssl(), this);
  context_->prepare(ssl(), host_);
}

Engine::~Engine() {
  // A connection that was cut is no reason to forget its session; one that failed is.
  if (!failure_) SSL_set_shutdown(ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void Engine::receive(std::string_view ciphertext, Scratch& plain, Scratch& out) {
  if (failure_ || peer_ended_) return;
  std::string held;
  if (!hello_seen_ && !look_at_hello(ciphertext, held)) return;
  const Call call(input_, output_, ciphertext, out);
  if (!open_) shake_hands();
  if (open_ && !input_.empty()) read(plain);
}

// A ClientHello says at its beginning how long it is, and OpenSSL takes memory for all of it there and then. False:
// more must come before it may have it, or it is too long. RFC 8446 4, 5.1.
bool Engine::look_at_hello(std::string_view& ciphertext, std::string& held) {
  if (first_.size() + ciphertext.size() < kHelloHead) {
    first_ += ciphertext;
    return false;
  }
  hello_seen_ = true;
  if (!first_.empty()) {
    held = std::exchange(first_, {});
    ciphertext = held += ciphertext;
  }
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(ciphertext[i])); };
  if (byte(0) != SSL3_RT_HANDSHAKE) return true;  // OpenSSL says what it is
  const std::size_t record = byte(3) << 8 | byte(4), message = byte(6) << 16 | byte(7) << 8 | byte(8);
  if (record < 4 || message > kLongestHello) {
    failure_ = Failure(TlsHandshakeFailed("no TLS with the client: a ClientHello of " + std::to_string(message) +
                                          " bytes in a record of " + std::to_string(record)));
  }
  return !failure_;
}

void Engine::shake_hands() {
  if (SSL_do_handshake(ssl()) == 1) {
    open_ = true;
  } else if (SSL_get_error(ssl(), -1) != SSL_ERROR_WANT_READ) {
    fail();
  }
}

void Engine::read(Scratch& plain) {
  while (true) {
    std::size_t count = 0;
    if (SSL_read_ex(ssl(), plain.room(kRecord), kRecord, &count) == 1) {
      plain.commit(count);
      if (input_.empty() && SSL_has_pending(ssl()) == 0) return;
      continue;
    }
    switch (SSL_get_error(ssl(), 0)) {
      case SSL_ERROR_WANT_READ: return;
      case SSL_ERROR_ZERO_RETURN: peer_ended_ = true; return;
      default: return fail();
    }
  }
}

void Engine::encrypt(std::string_view plain, Scratch& out) {
  if (failure_ || plain.empty()) return;
  const Call call(input_, output_, {}, out);
  std::size_t written = 0;
  if (SSL_write_ex(ssl(), plain.data(), plain.size(), &written) != 1) fail();
}

void Engine::finish(Scratch& out) {
  if (failure_) return;
  const Call call(input_, output_, {}, out);
  if (SSL_shutdown(ssl()) < 0) ERR_clear_error();
}

// Puts OpenSSL's reason into words.
void Engine::fail() {
  const auto code = take_cause();
  const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  const bool server = context_->is_server();
  if (!open_ && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const std::string whose = server ? "the client's certificate" : "the certificate of " + host_;
    const char* why = X509_verify_cert_error_string(SSL_get_verify_result(ssl()));
    failure_ = Failure(CertificateRefused(whose + " was refused: " + why));
  } else if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    failure_ = Failure(CertificateRefused("the client showed no certificate"));
  } else {
    const std::string peer = server ? "the client" : host_.empty() ? "the server" : host_;
    const std::string why = reason > SSL_AD_REASON_OFFSET ? "its alert is \"" + alert(code) + '"' : words(code);
    failure_ = open_ ? Failure(TlsError("the TLS connection to " + peer + " broke: " + why))
                     : Failure(TlsHandshakeFailed("no TLS with " + peer + ": " + why));
  }
}

}  // namespace torc::tls::detail
