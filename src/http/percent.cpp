#include "torc/http/percent.hpp"

#include "http/chars.hpp"

namespace torc::http {
namespace {

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = detail::hex_value(text[i + 1]), low = detail::hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

template <typename Keep>
void append_encoded(std::string& out, std::string_view text, Keep keep) {
  for (char c : text) {
    if (keep(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += detail::kUpperHex[byte >> 4];
    out += detail::kUpperHex[byte & 15];
  }
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) { return decode(text, false); }

std::optional<std::string> form_decode(std::string_view text) { return decode(text, true); }

std::string encode_path_segment(std::string_view text) {
  std::string out;
  append_encoded(out, text, [](char c) { return detail::is_unreserved(c) || detail::is_sub_delim(c) || c == '@'; });
  return out;
}

std::string encode_query_component(std::string_view text) {
  std::string out;
  append_encoded(out, text, detail::is_unreserved);
  return out;
}

std::expected<QueryPairs, QueryError> parse_query(std::string_view text, std::size_t max_pairs) {
  QueryPairs pairs;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (piece.empty()) continue;
    if (pairs.size() == max_pairs) return std::unexpected(QueryError::kTooManyPairs);
    const std::size_t equals = piece.find('=');
    auto name = form_decode(piece.substr(0, equals));
    auto value = form_decode(equals == piece.npos ? std::string_view{} : piece.substr(equals + 1));
    if (!name || !value) return std::unexpected(QueryError::kBadEscape);
    pairs.emplace_back(*std::move(name), *std::move(value));
  }
  return pairs;
}

std::optional<std::string_view> find_value(const QueryPairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string build_query(std::span<const std::pair<std::string, std::string>> pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    append_encoded(out, name, detail::is_unreserved);
    out += '=';
    append_encoded(out, value, detail::is_unreserved);
  }
  return out;
}

}  // namespace torc::http
