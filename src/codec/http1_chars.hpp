/// Byte classes of HTTP/1 and the loops that skip over them, sixteen bytes at a time where SSE2 is there.
///
/// Used by the parsers and the writers of this codec. The table is the definition; the vector loops only find their way to
/// the first byte the table would refuse.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__) && !defined(TORC_HTTP1_SCALAR)
#include <emmintrin.h>
#define TORC_HTTP1_SSE2 1
#else
#define TORC_HTTP1_SSE2 0
#endif

namespace torc::codec::http1::detail {

enum ByteClass : std::uint8_t {
  kTokenByte = 1,  ///< tchar (RFC 9110 section 5.6.2)
  kValueByte = 2,  ///< field-vchar, space and tab (section 5.5); obs-text is in
  kTargetByte = 4,  ///< visible ASCII except '#'
  kHostByte = 8,  ///< unreserved and sub-delims (RFC 3986 section 3.2.2)
  kDigitByte = 16,
  kQuotedByte = 32,  ///< qdtext (RFC 9110 section 5.6.4): not '"', not '\'
};

inline constexpr std::array<std::uint8_t, 256> kByteClasses = [] {
  std::array<std::uint8_t, 256> table{};
  auto mark = [&](std::string_view bytes, std::uint8_t bit) {
    for (char c : bytes) table[static_cast<unsigned char>(c)] |= bit;
  };
  for (unsigned c = 0; c < 256; ++c) {
    if (c == '\t' || (c >= ' ' && c != 0x7f)) table[c] |= kValueByte;
    if ((table[c] & kValueByte) && c != '"' && c != '\\') table[c] |= kQuotedByte;
    if (c > ' ' && c < 0x7f && c != '#') table[c] |= kTargetByte;
    if (c >= '0' && c <= '9') table[c] |= kTokenByte | kHostByte | kDigitByte;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) table[c] |= kTokenByte | kHostByte;
  }
  mark("!#$%&'*+-.^_`|~", kTokenByte);
  mark("-._~!$&'()*+,;=", kHostByte);
  return table;
}();

[[nodiscard]] inline bool is(ByteClass bits, char c) noexcept {
  return (kByteClasses[static_cast<unsigned char>(c)] & bits) != 0;
}

[[nodiscard]] inline const char* skip(ByteClass bits, const char* p, const char* end) noexcept {
  while (p != end && is(bits, *p)) ++p;
  return p;
}

[[nodiscard]] inline bool all_of(ByteClass bits, std::string_view text) noexcept {
  return skip(bits, text.data(), text.data() + text.size()) == text.data() + text.size();
}

#if TORC_HTTP1_SSE2

// Each marks the bytes of a block that its loop has to look up: those outside the class, and the rare ones inside it.
struct TokenBlock {
  static constexpr ByteClass kClass = kTokenByte;
  [[nodiscard]] static __m128i uncommon(__m128i x) noexcept {  // all but letters, digits and '-'
    const __m128i folded = _mm_or_si128(x, _mm_set1_epi8(0x20));
    const __m128i letter =
        _mm_and_si128(_mm_cmpgt_epi8(folded, _mm_set1_epi8('a' - 1)), _mm_cmplt_epi8(folded, _mm_set1_epi8('z' + 1)));
    const __m128i digit =
        _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8('0' - 1)), _mm_cmplt_epi8(x, _mm_set1_epi8('9' + 1)));
    const __m128i common = _mm_or_si128(_mm_or_si128(letter, digit), _mm_cmpeq_epi8(x, _mm_set1_epi8('-')));
    return _mm_cmpeq_epi8(common, _mm_setzero_si128());
  }
};
struct ValueBlock {
  static constexpr ByteClass kClass = kValueByte;
  [[nodiscard]] static __m128i uncommon(__m128i x) noexcept {  // control bytes, the tab among them
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
    return _mm_or_si128(control, _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f)));
  }
};
struct TargetBlock {
  static constexpr ByteClass kClass = kTargetByte;
  [[nodiscard]] static __m128i uncommon(__m128i x) noexcept {
    const __m128i outside = _mm_or_si128(_mm_cmplt_epi8(x, _mm_set1_epi8(0x21)),  // signed: 0x80..0xff too
                                         _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f)));
    return _mm_or_si128(outside, _mm_cmpeq_epi8(x, _mm_set1_epi8('#')));
  }
};

// The first byte of [p, end) that is not of the block's class. The last block overlaps the one before it, or whatever else
// lies behind `base`; a text of 8 to 15 bytes is looked at as two halves that overlap.
template <class Block>
[[nodiscard]] inline const char* skip_blocks(const char* base, const char* p, const char* end) noexcept {
  const auto mask_of = [](__m128i x) { return static_cast<unsigned>(_mm_movemask_epi8(Block::uncommon(x))); };
  const auto uncommon = [&](const char* at) { return mask_of(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))); };
  if (end - base < 16) {
    if (end - p < 8) return skip(Block::kClass, p, end);
    const __m128i halves = _mm_unpacklo_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)),
                                              _mm_loadl_epi64(reinterpret_cast<const __m128i*>(end - 8)));
    return mask_of(halves) == 0 ? end : skip(Block::kClass, p, end);
  }
  while (p != end) {
    const auto left = end - p;
    const unsigned mask = left >= 16 ? uncommon(p) : uncommon(end - 16) >> (16 - left);
    if (mask == 0) {
      if (left <= 16) return end;
      p += 16;
      continue;
    }
    p += std::countr_zero(mask);
    if (!is(Block::kClass, *p)) return p;
    ++p;
  }
  return end;
}

#define TORC_HTTP1_SKIP(Block, bits) skip_blocks<Block>(base, p, end)
#else
#define TORC_HTTP1_SKIP(Block, bits) skip(bits, p, end)
#endif

/// The first byte of [p, end) that is no token byte. The bytes from `base` on, at or before `p`, can be read as well.
[[nodiscard]] inline const char* skip_token(const char* base, const char* p, const char* end) noexcept {
  return TORC_HTTP1_SKIP(TokenBlock, kTokenByte);
}

/// The first byte of [p, end) that may not stand in a field value or a reason phrase.
[[nodiscard]] inline const char* skip_value(const char* base, const char* p, const char* end) noexcept {
  return TORC_HTTP1_SKIP(ValueBlock, kValueByte);
}

/// The first byte of [p, end) that may not stand in a request target.
[[nodiscard]] inline const char* skip_target(const char* base, const char* p, const char* end) noexcept {
  return TORC_HTTP1_SKIP(TargetBlock, kTargetByte);
}

#undef TORC_HTTP1_SKIP

[[nodiscard]] inline const char* skip_token(const char* p, const char* end) noexcept { return skip_token(p, p, end); }
[[nodiscard]] inline const char* skip_value(const char* p, const char* end) noexcept { return skip_value(p, p, end); }
[[nodiscard]] inline const char* skip_target(const char* p, const char* end) noexcept { return skip_target(p, p, end); }

/// `text` can be a field name: not empty, and every byte a token byte.
[[nodiscard]] inline bool is_token(std::string_view text) noexcept {
  return !text.empty() && skip_token(text.data(), text.data() + text.size()) == text.data() + text.size();
}

/// `text` can be a field value or a reason phrase.
[[nodiscard]] inline bool is_value(std::string_view text) noexcept {
  return skip_value(text.data(), text.data() + text.size()) == text.data() + text.size();
}

[[nodiscard]] constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// Equal but for the case of ASCII letters.
[[nodiscard]] inline bool iequals(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  return true;
}

/// `token` without its letter case is `name`, which is in lower case and as long. For names whose bytes are known to be token
/// bytes: none of those is mistaken for a letter or a dash by setting bit 5.
[[nodiscard]] inline bool token_is(std::string_view token, std::string_view name) noexcept {
  unsigned difference = 0;
  for (std::size_t i = 0; i < name.size(); ++i)
    difference |= (static_cast<unsigned char>(token[i]) | 0x20u) ^ static_cast<unsigned char>(name[i]);
  return difference == 0;
}

/// Without the spaces and tabs at both ends.
[[nodiscard]] inline std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace torc::codec::http1::detail
