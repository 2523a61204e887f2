#include "base/function_name.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <memory>

namespace torc::detail {

namespace {

bool in_word(char c) noexcept { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }

// The length of an operator's name that begins `text` ("operator()", "operator<<"), or 0. Its signs are no brackets.
std::size_t operator_length(std::string_view text) noexcept {
  constexpr std::string_view kWord = "operator";
  if (!text.starts_with(kWord) || (text.size() > kWord.size() && in_word(text[kWord.size()]))) return 0;
  const std::string_view rest = text.substr(kWord.size());
  if (rest.starts_with("()") || rest.starts_with("[]")) return kWord.size() + 2;
  std::size_t signs = 0;
  while (signs < rest.size() && signs < 3 && std::string_view("<>=!+-*/%^&|~,").contains(rest[signs])) ++signs;
  return kWord.size() + signs;
}

// Past the bracket that closes the one at `at`.
std::size_t past_bracket(std::string_view text, std::size_t at) noexcept {
  int depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '<' || c == '(' || c == '{' || c == '[') ++depth;
    if ((c == '>' && text[at - 1] != '-') || c == ')' || c == '}' || c == ']') --depth;
    if (depth == 0) return at + 1;
  }
  return at;
}

}  // namespace

std::string demangled_name(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> readable(abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  return status == 0 ? std::string(readable.get()) : std::string(name);
}

std::string plain_name(std::string_view readable) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)";
  std::string plain;
  for (std::size_t at = 0; at < readable.size();) {
    const std::string_view rest = readable.substr(at);
    const bool begins_word = plain.empty() || !in_word(plain.back());
    if (rest.starts_with(kAnonymous)) {
      plain += kAnonymous;
      at += kAnonymous.size();
    } else if (const std::size_t length = begins_word ? operator_length(rest) : 0) {
      plain += rest.substr(0, length);
      at += length;
    } else if (rest.starts_with("{lambda")) {
      plain += "{lambda}";
      at = past_bracket(readable, at);
    } else if (rest.starts_with("'lambda")) {  // 'lambda0'(int)
      plain += "{lambda}";
      at = std::min(readable.find('\'', at + 1), readable.size() - 1) + 1;
    } else if (rest.front() == '<' || rest.front() == '(' || rest.front() == '[') {
      at = past_bracket(readable, at);
      // "f(int) const::{lambda}": what follows the parameters of an outer function.
      if (readable.substr(at).starts_with(" const::")) at += 6;
    } else if (rest.front() == ' ') {
      // What stood before was the result's type; what follows the parameters (" const", " [clone ...]") ends the name.
      if (rest.starts_with(" const") || rest.starts_with(" [") || rest.starts_with(" &") || rest.starts_with(" (.")) {
        if (!plain.empty()) break;
      }
      if (plain.ends_with("operator")) {
        plain += ' ';
      } else if (!rest.starts_with(" <")) {
        plain.clear();
      }
      ++at;
    } else {
      plain += rest.front();
      ++at;
    }
  }
  return plain.empty() ? std::string(readable) : plain;
}

bool is_machinery(std::string_view plain) noexcept {
  static constexpr std::array<std::string_view, 15> kInside = {
      "std::",        "__gnu_cxx::",   "__cxxabiv1::", "torc::detail::", "torc::Deferred::",
      "torc::Failure::", "torc::Outcome::", "torc::Promise::", "torc::Reactor::", "torc::run",
      "__cxa_",       "_Unwind_",      "__libc_start", "start_thread",   "__clone"};
  static constexpr std::array<std::string_view, 4> kWhole = {"_start", "clone", "clone3", "execute_native_thread_routine"};
  return std::ranges::any_of(kInside, [&](std::string_view begin) { return plain.starts_with(begin); }) ||
         std::ranges::find(kWhole, plain) != kWhole.end();
}

}  // namespace torc::detail
