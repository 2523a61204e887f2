// The same with the core alone: a connection to itself.
#include <torc/torc.hpp>

#include <cstdio>
#include <string>

torc::Deferred<void> tell_version(torc::Stream stream) { co_await stream.write(torc::kVersion); }

torc::Deferred<int> amain() {
  auto port = co_await torc::listen("tcp:0:address=127.0.0.1", tell_version);
  auto stream = co_await torc::connect("tcp:" + port.address().str());
  const auto version = co_await stream.read_exactly(std::string(torc::kVersion).size());
  std::printf("torc %s\n", version.c_str());
  co_return version == torc::kVersion ? 0 : 1;
}

int main() { return torc::run(amain); }
