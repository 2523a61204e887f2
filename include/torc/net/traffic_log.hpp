// TrafficLog: writes to the log what goes over a connection, for finding out what two programs say to each other.
//
//   PortOptions{.layers = {layer<TrafficLog>()}}                           // lowest: what is on the wire
//   co_await stream.upgrade(std::make_unique<TrafficLog>());               // above TLS: what it carries
//
//   debug net: 127.0.0.1:4711 > 5 bytes: hello        came        (< went, | both ends)
//
// Contents are secrets as often as not: it logs on the debug level unless told otherwise, and stops after `in_all` bytes of
// a connection. What is cut off is counted.
#pragma once

#include <torc/base/log.hpp>
#include <torc/net/layer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace torc {

struct TrafficLogOptions {
  LogLevel level = LogLevel::kDebug;
  bool hex = false;                  ///< bytes as hexadecimal numbers; otherwise as text, control bytes escaped
  std::size_t at_once = 256;         ///< bytes of one read or write that are shown
  std::uint64_t in_all = 64 * 1024;  ///< bytes of one connection that are shown
};

class TrafficLog : public Layer {
 public:
  explicit TrafficLog(TrafficLogOptions options = {}) noexcept : options_(options), left_(options.in_all) {}

  void connection_made() override;
  void data_received(std::string_view data) override;
  void end_received() override;
  void connection_lost(const Failure& reason) override;
  void write(std::string_view data) noexcept override;
  void write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept override;

 private:
  void show(const char* way, std::string_view data) noexcept;
  void say(const std::string& what) noexcept;

  const TrafficLogOptions options_;
  std::uint64_t left_;
  std::uint64_t came_ = 0;
  std::uint64_t went_ = 0;
  std::string peer_;
};

}  // namespace torc
