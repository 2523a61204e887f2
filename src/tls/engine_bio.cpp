#include "tls/engine_bio.hpp"

#include "tls/engine.hpp"

#include <openssl/bio.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace torc::tls::detail {

struct EngineBio {
  static Engine& of(BIO* bio) noexcept { return *static_cast<Engine*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, std::size_t size, std::size_t* taken) noexcept {
    BIO_clear_retry_flags(bio);
    auto& input = of(bio).input_;
    *taken = std::min(size, input.size());
    if (*taken == 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::memcpy(into, input.data(), *taken);
    input.remove_prefix(*taken);
    return 1;
  }

  static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* taken) noexcept {
    BIO_clear_retry_flags(bio);
    auto* output = of(bio).output_;
    if (!output) return 0;
    try {
      output->append({bytes, size});
    } catch (const std::bad_alloc&) {
      return 0;
    }
    *taken = size;
    return 1;
  }

  static long control(BIO*, int command, long, void*) noexcept { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static int create(BIO* bio) noexcept {
    BIO_set_init(bio, 1);
    return 1;
  }

  static BIO_METHOD* make_method() noexcept {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "torc engine");
    if (!method) return nullptr;
    BIO_meth_set_read_ex(method, read);
    BIO_meth_set_write_ex(method, write);
    BIO_meth_set_ctrl(method, control);
    BIO_meth_set_create(method, create);
    return method;
  }
};

BIO* make_engine_bio(Engine& engine) noexcept {
  static BIO_METHOD* const method = EngineBio::make_method();
  BIO* bio = method ? BIO_new(method) : nullptr;
  if (bio) BIO_set_data(bio, &engine);
  return bio;
}

}  // namespace torc::tls::detail
