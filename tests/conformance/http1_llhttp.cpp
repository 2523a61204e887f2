// The HTTP/1 parsers against llhttp, the parser of Node.js, compiled with -DLLHTTP_STRICT_MODE=1:
//
//   http1_llhttp <seed folder for requests> <seed folder for responses> <rounds>
//
// What torc accepts, llhttp has to accept too and read as the same messages: two parsers that disagree about where a message
// ends are how requests are smuggled. The other direction is not asked for, torc refuses more. Inputs are the fuzz seeds and
// random changes of them; built and run by check_http1_llhttp.sh.
#include <torc/codec/http1.hpp>

#include "codec/http1_chars.hpp"

#include <llhttp.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace torc::codec::http1;

struct Message {
  std::string start;  // method and target, or status
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  bool operator==(const Message&) const = default;
};

struct Reading {
  std::vector<Message> messages;  // complete ones
  std::string refusal;  // what is wrong behind them
};

// Comparing ends where the connection or HTTP/1 does.
bool last_message(const Head& head) { return !head.keep_alive() || head.upgrade(); }

Reading read_with_torc(std::string_view input, bool requests) {
  Reading reading;
  RequestParser request;
  ResponseParser response;
  response.expect_response_to("GET");
  Message message;
  bool last = false;
  while (true) {
    const Event event = requests ? request.next(input) : response.next(input);
    if (event == Event::kNeedMore) return reading;
    if (event == Event::kError) return reading;
    if (event == Event::kHead || event == Event::kInterim) {
      const Head& head = requests ? static_cast<const Head&>(request.head()) : response.head();
      message = {};
      message.start = requests ? std::string(request.head().method()) + " " + std::string(request.head().target())
                               : std::to_string(response.head().status());
      for (const Field field : head.fields()) message.fields.emplace_back(field.name, field.value);
      last = last_message(head) || (requests && request.head().method() == "CONNECT");
    }
    if (event == Event::kBody) message.body += requests ? request.body() : response.body();
    if (event == Event::kEnd || event == Event::kInterim) reading.messages.push_back(message);
    if ((event == Event::kEnd || event == Event::kInterim) && last) return reading;
    if (event == Event::kEnd) response.expect_response_to("GET");
  }
}

struct Llhttp {
  Reading reading;
  Message message;
  std::string target, name, value;
  bool in_head = true;

  // Fields behind the content are trailers, which torc keeps apart.
  void end_field() {
    if (in_head && !name.empty()) message.fields.emplace_back(name, torc::codec::http1::detail::trim(value));
    name.clear();
    value.clear();
  }
};

template <std::string Llhttp::* kText>
int append(llhttp_t* parser, const char* at, std::size_t size) {
  (static_cast<Llhttp*>(parser->data)->*kText).append(at, size);
  return 0;
}

Reading read_with_llhttp(std::string_view input, bool requests) {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_message_begin = [](llhttp_t* p) {
    auto& self = *static_cast<Llhttp*>(p->data);
    self = Llhttp{.reading = std::move(self.reading)};
    return 0;
  };
  settings.on_url = append<&Llhttp::target>;
  settings.on_header_field = append<&Llhttp::name>;
  settings.on_header_value = append<&Llhttp::value>;
  settings.on_header_value_complete = [](llhttp_t* p) {
    static_cast<Llhttp*>(p->data)->end_field();
    return 0;
  };
  settings.on_headers_complete = [](llhttp_t* p) {
    auto& self = *static_cast<Llhttp*>(p->data);
    self.end_field();
    self.in_head = false;
    self.message.start =
        p->type == HTTP_REQUEST
            ? std::string(llhttp_method_name(static_cast<llhttp_method_t>(p->method))) + " " + self.target
            : std::to_string(p->status_code);
    // llhttp leaves it to its user that these have no content whatever their fields say (RFC 9112 section 6.3).
    const int status = p->status_code;
    return p->type == HTTP_RESPONSE && (status / 100 == 1 || status == 204 || status == 304) ? 1 : 0;
  };
  settings.on_body = [](llhttp_t* p, const char* at, std::size_t size) {
    static_cast<Llhttp*>(p->data)->message.body.append(at, size);
    return 0;
  };
  settings.on_message_complete = [](llhttp_t* p) {
    auto& self = *static_cast<Llhttp*>(p->data);
    self.reading.messages.push_back(self.message);
    return 0;
  };
  Llhttp self;
  llhttp_t parser;
  llhttp_init(&parser, requests ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
  parser.data = &self;
  const llhttp_errno_t error = llhttp_execute(&parser, input.data(), input.size());
  if (error != HPE_OK && error != HPE_PAUSED_UPGRADE) self.reading.refusal = llhttp_get_error_reason(&parser);
  return self.reading;
}

// What torc accepts on purpose and llhttp 8.1 does not: chunk extensions after the first, and white space or escapes in them
// (RFC 9112 section 7.1.1); a tab behind the value of a framing field; methods it has no number for.
bool outside_of_llhttp(const Message& message, const Reading& llhttp, std::size_t index, std::string_view input) {
  if (index == llhttp.messages.size()) {
    if (llhttp.refusal.starts_with("Invalid character in chunk") && input.contains(';')) return true;
    // In a response it takes "chunked" with a tab behind for another coding, and reads on until the connection ends.
    const bool framing = llhttp.refusal.empty() || llhttp.refusal.contains("Content-Length") ||
                         llhttp.refusal.contains("Transfer-Encoding");
    if (framing && input.contains('\t')) return true;
  }
  const std::size_t space = message.start.find(' ');
  const std::string_view method = std::string_view(message.start).substr(0, space);
  if (space == std::string::npos) return false;
#define NAME(num, name, string) \
  if (method == #string) return false;
  HTTP_METHOD_MAP(NAME)
#undef NAME
  return true;
}

std::string change(std::string text, std::mt19937& random) {
  static constexpr std::string_view kParts[] = {"\r\n",
                                                "\n",
                                                "\r",
                                                " ",
                                                "\t",
                                                ":",
                                                ",",
                                                ";",
                                                "0",
                                                "1",
                                                "a",
                                                "\x80",
                                                "\r\n ",
                                                "0\r\n\r\n",
                                                "chunked",
                                                "close",
                                                "Transfer-Encoding: chunked\r\n",
                                                "Content-Length: 3\r\n",
                                                "Content-Length: 0\r\n",
                                                "Host: b\r\n",
                                                "Connection: ",
                                                "GET / HTTP/1.1\r\nHost: c\r\n\r\n",
                                                "HTTP/1.0",
                                                "\"",
                                                "=",
                                                "+",
                                                "-",
                                                "0x",
                                                "ffffffffffffffff"};
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (std::size_t changes = 1 + below(3); changes > 0 && !text.empty(); --changes) {
    const std::size_t at = below(text.size());
    switch (below(4)) {
      case 0: text[at] = static_cast<char>(below(256)); break;
      case 1: text.erase(at, 1 + below(4)); break;
      case 2: text.insert(at, kParts[below(std::size(kParts))]); break;
      case 3: text.insert(below(text.size()), text.substr(at, below(40))); break;
    }
  }
  return text;
}

struct Totals {
  int inputs = 0, accepted = 0, messages = 0;
};

void compare(const std::string& input, bool requests, Totals& totals) {
  ++totals.inputs;
  const Reading torc = read_with_torc(input, requests);
  if (torc.messages.empty()) return;
  const Reading llhttp = read_with_llhttp(input, requests);
  ++totals.accepted;
  for (std::size_t i = 0; i < torc.messages.size(); ++i) {
    if (outside_of_llhttp(torc.messages[i], llhttp, i, input)) return;
    ++totals.messages;
    if (i < llhttp.messages.size() && torc.messages[i] == llhttp.messages[i]) continue;
    std::printf("message %zu is read differently; llhttp: %s\n%s\n", i,
                i < llhttp.messages.size() ? "accepts" : llhttp.refusal.c_str(), input.c_str());
    std::exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::mt19937 random(1);
  for (const bool requests : {true, false}) {
    Totals totals;
    std::vector<std::string> seeds;
    for (const auto& entry : std::filesystem::directory_iterator(argv[requests ? 1 : 2])) {
      std::ifstream file(entry.path(), std::ios::binary);
      seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
      if (!seeds.back().empty()) seeds.back().erase(0, 1);  // the first byte chooses limits and splits
      compare(seeds.back(), requests, totals);
    }
    for (int round = std::atoi(argv[3]); round > 0; --round)
      compare(change(seeds[random() % seeds.size()], random), requests, totals);
    std::printf("%s: %d inputs, %d with complete messages, %d messages agree\n", requests ? "requests" : "responses",
                totals.inputs, totals.accepted, totals.messages);
  }
}
