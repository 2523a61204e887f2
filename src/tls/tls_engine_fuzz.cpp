// Any bytes as what the peer of a TLS engine sends. The first byte of the input chooses the end, whether the handshake
// is done by then, and the pieces; whatever comes, both ways of cutting it have the same verdict.
#include "tls/client_state.hpp"
#include "tls/engine.hpp"
#include "tls/made_certificates.hpp"
#include "tls/server_state.hpp"

#include <cstdio>
#include <cstdlib>

namespace {

using namespace torc::tls;
using detail::Engine;
using detail::Scratch;

struct Contexts {
  Site site;
  std::shared_ptr<const ClientContext::State> client = std::make_shared<const ClientContext::State>(
      ClientOptions{.host = "example.org", .trust = TrustFile{site.ca_file}});
  std::shared_ptr<const Server::State> server =
      std::make_shared<const Server::State>(ServerOptions{.certificate = site.pem_file}, nullptr);
};

std::string exchange(Engine& engine, std::string_view bytes, std::size_t step) {
  std::string said;
  do {
    Scratch plain, out;
    const auto piece = bytes.substr(0, step);
    engine.receive(piece, plain, out);
    said += out.view();
    bytes.remove_prefix(piece.size());
  } while (!bytes.empty());
  return said;
}

std::string verdict(const Contexts& contexts, bool client, bool up, std::string_view bytes, std::size_t step) {
  Engine a(contexts.client, "example.org"), b(contexts.server, {});
  if (up) {
    std::string to_b = exchange(a, {}, 1);
    for (int i = 0; i < 3; ++i) to_b = exchange(a, exchange(b, to_b, std::string::npos), std::string::npos);
    if (a.handshaking() || b.handshaking()) std::abort();
  }
  Engine& fuzzed = client ? a : b;
  exchange(fuzzed, bytes, step);
  return fuzzed.failed() ? fuzzed.failed().failure.message() : "goes on";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Contexts contexts;
  if (size == 0) return 0;
  const bool client = (data[0] & 1) != 0, up = (data[0] & 2) != 0;
  const std::size_t step = 1 + (data[0] >> 2);
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto whole = verdict(contexts, client, up, bytes, std::string::npos);
  const auto cut = verdict(contexts, client, up, bytes, step);
  if (whole == cut) return 0;
  std::fprintf(stderr, "the verdict depends on the cut: \"%s\", \"%s\"\n", whole.c_str(), cut.c_str());
  std::abort();
}
