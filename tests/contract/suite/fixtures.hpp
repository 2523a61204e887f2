// What cases of several groups share.
#pragma once

#include "suite/suite.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>

namespace contract {

/// All that comes, to the end.
inline Deferred<std::string> all(Stream& stream) {
  std::string text;
  while (auto chunk = co_await stream.read_some()) text += chunk->view();
  co_return text;
}

/// A file that nobody else sees.
inline UniqueFd file_of(std::string_view text) {
  char name[] = "/tmp/torc-contract-XXXXXX";
  UniqueFd file(::mkstemp(name));
  ::unlink(name);
  for (std::size_t done = 0; done < text.size();) {
    const auto count = ::pwrite(file.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (count <= 0) throw SystemError("writing a temporary file", errno);
    done += static_cast<std::size_t>(count);
  }
  return file;
}

}  // namespace contract
