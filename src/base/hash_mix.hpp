// A fixed hash of bytes for the std::hash specialisations: good spread, the same in every run and on every machine.
#pragma once

#include <cstdint>
#include <string_view>

namespace torc::detail {

inline std::uint64_t hash_word(std::uint64_t seed, std::uint64_t word) {
  // The finaliser of MurmurHash3.
  std::uint64_t h = seed * 0x9e3779b97f4a7c15 + word;
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 33);
}

inline std::uint64_t hash_bytes(std::uint64_t seed, std::string_view bytes) {
  std::uint64_t h = hash_word(seed, bytes.size());
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    for (char c : bytes.substr(0, 8)) word = word << 8 | static_cast<unsigned char>(c);
    h = hash_word(h, word);
    bytes.remove_prefix(bytes.size() < 8 ? bytes.size() : 8);
  }
  return h;
}

}  // namespace torc::detail
