// The limit of an echo server over TLS: OpenSSL between two of its memory BIOs, one read and one write of the socket for
// each message. The settings are those of torc. OpenSSL keeps what is not a whole record yet, and what it has written
// leaves at once, so that one pair of BIOs serves all connections and an idle one is OpenSSL's objects alone.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "epoll_server.hpp"

namespace {

class Echo {
 public:
  explicit Echo(const std::string& certificate) : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context_, 1);
    SSL_CTX_set_options(context_, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_ciphersuites(context_, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
    if (SSL_CTX_use_certificate_chain_file(context_, certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context_, certificate.c_str(), SSL_FILETYPE_PEM) != 1) {
      bench::fail("--certificate");
    }
  }

  void opened(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (ends_.size() <= index) ends_.resize(index + 1);
    SSL_free(ends_[index]);  // of the connection that had the descriptor before
    ends_[index] = SSL_new(context_);
    BIO_up_ref(in_);
    BIO_up_ref(out_);
    SSL_set_bio(ends_[index], in_, out_);
    SSL_set_accept_state(ends_[index]);
  }

  void received(int fd, const char* data, std::size_t size) {
    SSL* const end = ends_[static_cast<std::size_t>(fd)];
    BIO_write(in_, data, static_cast<int>(size));
    static char plain[16 * 1024];
    ERR_clear_error();
    for (int count; (count = SSL_read(end, plain, sizeof plain)) > 0;) SSL_write(end, plain, count);
    if ((SSL_get_shutdown(end) & SSL_RECEIVED_SHUTDOWN) != 0) SSL_shutdown(end);
    char* bytes = nullptr;
    const long count = BIO_get_mem_data(out_, &bytes);
    if (count > 0) bench::send_all(fd, bytes, static_cast<std::size_t>(count));
    static_cast<void>(BIO_reset(out_));
    static_cast<void>(BIO_reset(in_));  // what follows the end of a connection
  }

 private:
  SSL_CTX* context_;
  BIO* in_ = BIO_new(BIO_s_mem());
  BIO* out_ = BIO_new(BIO_s_mem());
  std::vector<SSL*> ends_;  // by descriptor
};

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port", "certificate"}};
  bench::serve(arguments.port(), Echo{std::string{arguments.text("certificate", "")}});
}
