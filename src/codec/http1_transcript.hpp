/// What a parser makes of a stream of bytes, as one text that two runs can be compared by.
///
/// For the tests and the fuzz targets of this codec. Each piece is handed over in a heap block of exactly its size, which is
/// gone afterwards, so that reading past a piece or keeping a view into it is found by the address sanitizer.
#pragma once

#include <torc/codec/http1_parser.hpp>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace torc::codec::http1::testing {

struct Transcript {
  std::string text;  ///< heads, contents, ends and the error, one line each; contents are joined
  Error error = Error::kNone;  ///< of the parser, or of `finish`
  int heads = 0;  ///< without interim ones
  int ends = 0;  ///< complete messages
  std::vector<std::string> bodies;
};

using Pieces = std::vector<std::string_view>;

inline void append_fields(std::string& text, const Fields& fields) {
  for (const Field field : fields) text.append("  ").append(field.name).append("=").append(field.value).append("\n");
}

inline void append_common(std::string& text, const Head& head) {
  text += " 1." + std::to_string(head.minor_version()) + " framing=" + std::to_string(static_cast<int>(head.framing()));
  if (head.content_length()) text += " length=" + std::to_string(*head.content_length());
  if (head.keep_alive()) text += " keep-alive";
  if (head.upgrade()) text += " upgrade";
}

inline void append_head(std::string& text, const RequestHead& head) {
  text.append(head.method()).append(" ").append(head.target()).append(" host=").append(head.host());
  append_common(text, head);
  if (head.expect_continue()) text += " expect-continue";
  text += "\n";
  append_fields(text, head.fields());
}

inline void append_head(std::string& text, const ResponseHead& head) {
  text.append(std::to_string(head.status())).append(" ").append(head.reason());
  append_common(text, head);
  text += "\n";
  append_fields(text, head.fields());
}

/// Feeds `pieces` and then, if `finish`, the end of the connection. `on_start(parser)` runs before each message.
template <class Parser, class OnStart = void (*)(Parser&)>
Transcript transcribe(Parser& parser, const Pieces& pieces, bool finish = true, OnStart on_start = [](Parser&) {}) {
  Transcript result;
  bool content = false;
  on_start(parser);
  auto handle = [&](Event event) {
    if (event != Event::kBody && content) {
      content = false;
      result.text += "\n";
    }
    switch (event) {
      case Event::kNeedMore: break;
      case Event::kInterim:
        result.text += "interim ";
        append_head(result.text, parser.head());
        break;
      case Event::kHead:
        ++result.heads;
        result.bodies.emplace_back();
        result.text += "head ";
        append_head(result.text, parser.head());
        break;
      case Event::kBody:
        if (!content) result.text += "body ";
        content = true;
        result.text += parser.body();
        result.bodies.back() += parser.body();
        break;
      case Event::kEnd:
        ++result.ends;
        result.text += "end\n";
        append_fields(result.text, parser.trailers());
        on_start(parser);
        break;
      case Event::kError:
        result.error = parser.error();
        result.text += "error ";
        result.text += describe(parser.error());
        result.text += "\n";
        break;
    }
  };
  for (const std::string_view piece : pieces) {
    const std::unique_ptr<char[]> block(new char[piece.size()]);
    if (!piece.empty()) std::memcpy(block.get(), piece.data(), piece.size());
    std::string_view input(block.get(), piece.size());
    while (true) {
      const Event event = parser.next(input);
      if (event == Event::kNeedMore) break;
      handle(event);
      if (event == Event::kError) return result;
    }
  }
  if (finish) handle(parser.finish());
  return result;
}

inline Pieces one_byte_pieces(std::string_view stream) {
  Pieces pieces;
  for (std::size_t i = 0; i < stream.size(); ++i) pieces.push_back(stream.substr(i, 1));
  return pieces;
}

inline Pieces split_at(std::string_view stream, std::size_t at) { return {stream.substr(0, at), stream.substr(at)}; }

}  // namespace torc::codec::http1::testing
