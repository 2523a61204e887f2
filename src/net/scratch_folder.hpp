// A folder of a test's own, removed with what is in it.
#pragma once

#include <torc/base/address.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace torc {

struct ScratchFolder {
  ScratchFolder() {
    if (!::mkdtemp(path.data())) std::abort();
  }
  ~ScratchFolder() { std::filesystem::remove_all(path); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  SocketAddress socket(std::string_view name) const { return *SocketAddress::unix_path(path + "/" + std::string(name)); }

  std::string path = "/tmp/torc-test-XXXXXX";
};

}  // namespace torc
