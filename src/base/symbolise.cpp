// From an address to function, file and line: the debug information by libbacktrace, else the symbol table, else the
// dynamic linker, which also names libraries that were loaded after libbacktrace first looked.
#include "base/function_name.hpp"

#include <torc/base/traceback.hpp>

#include <backtrace.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <atomic>
#include <mutex>
#include <string_view>
#include <utility>

namespace torc::detail {

namespace {

void ignore_error(void*, const char*, int) {}  // the line stays unknown

// Made once for the process and never given back. Null only when memory is out.
backtrace_state* debug_information() noexcept {
  static backtrace_state* const state = backtrace_create_state(nullptr, 1, ignore_error, nullptr);
  return state;
}

struct Lookup {
  std::vector<Frame>& frames;
  std::size_t first = 0;  // where the frames of this address begin
};

// Called for each inlined call at an address, innermost first, then for the function that holds them.
int found_line(void* argument, std::uintptr_t, const char* file, int line, const char* function) {
  auto& lookup = *static_cast<Lookup*>(argument);
  if (!file && !function) return 0;
  Frame frame;
  if (function) frame.function = demangled_name(function);
  if (file) frame.file = std::filesystem::path(file).lexically_normal();  // builds write build/../src/x.cpp
  frame.line = line > 0 ? static_cast<unsigned>(line) : 0;
  lookup.frames.push_back(std::move(frame));
  return 0;
}

void found_symbol(void* argument, std::uintptr_t, const char* symbol, std::uintptr_t, std::uintptr_t) {
  auto& name = *static_cast<std::string*>(argument);
  if (symbol) name = demangled_name(symbol);
}

bool is_runtime_library(std::string_view path) noexcept {
  static constexpr std::array<std::string_view, 6> kRuntime = {"libstdc++.", "libc++.", "libc++abi.",
                                                               "libgcc_s.",  "libc.so", "ld-linux"};
  const std::string_view file = path.substr(path.rfind('/') + 1);
  return std::ranges::any_of(kRuntime, [&](std::string_view begin) { return file.starts_with(begin); });
}

// Inlined calls have bare names ("at", "run_stage") when only lines were compiled in; their files tell.
bool is_inside_header(std::string_view file) noexcept {
  static constexpr std::array<std::string_view, 4> kInside = {"/include/c++/", "/include/torc/base/",
                                                              "/include/torc/async/", "/include/torc/reactor/"};
  return std::ranges::any_of(kInside, [&](std::string_view folder) { return file.contains(folder); });
}

void look_up(std::vector<Frame>& frames, void* address) {
  const auto place = reinterpret_cast<std::uintptr_t>(address) - 1;  // in the call, not behind it
  Lookup lookup{.frames = frames, .first = frames.size()};
  std::string symbol;
  if (backtrace_state* const state = debug_information()) {
    backtrace_pcinfo(state, place, found_line, ignore_error, &lookup);
    backtrace_syminfo(state, place, found_symbol, ignore_error, &symbol);
  }
  Dl_info library{};
  const bool known = dladdr(reinterpret_cast<void*>(place), &library) != 0;
  if (symbol.empty() && known && library.dli_sname) symbol = demangled_name(library.dli_sname);

  if (frames.size() == lookup.first) frames.emplace_back();
  // The symbol's name is whole, with namespace and parameters; that of the debug information may not be.
  if (!symbol.empty()) frames.back().function = std::move(symbol);
  for (std::size_t i = lookup.first; i < frames.size(); ++i) {
    frames[i].address = place;
    if (known && library.dli_fname) frames[i].module = library.dli_fname;
    frames[i].machinery = is_runtime_library(frames[i].module) || is_inside_header(frames[i].file) ||
                          is_machinery(frames[i].name());
  }
}

}  // namespace

constinit thread_local std::atomic<bool> symbolising = false;

std::vector<Frame> symbolise(std::span<void* const> addresses) {
  // libbacktrace could do without, by means that a thread sanitizer does not see; and two first readers would both read.
  static constinit std::mutex one_at_a_time;
  const std::scoped_lock lock(one_at_a_time);
  symbolising = true;
  std::vector<Frame> frames;
  frames.reserve(addresses.size());
  for (void* const address : addresses) look_up(frames, address);
  symbolising = false;
  return frames;
}

}  // namespace torc::detail
