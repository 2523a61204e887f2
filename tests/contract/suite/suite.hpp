// The contract of torc's transports, as cases that each of them passes on each poller in each mode.
//
//   CASE(reading, "a read gives what was written") {
//     auto [here, there] = co_await bed.connected();
//     co_await here.write("hello");
//     EXPECT_EQ(co_await there.read_exactly(5), "hello");
//   }
//
// A case is a coroutine on a reactor of its own. It fails when it throws, takes too long, logs a warning it did not
// announce, or leaves over a descriptor or a process. Everything here is used by the program torc-contract alone.
#pragma once

#include "suite/faults.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/net/port.hpp>
#include <torc/net/stream.hpp>
#include <torc/reactor/reactor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace contract {

using namespace torc;
using namespace std::chrono_literals;

/// What a transport can do; a case that needs more is left out on it.
struct Ability {
  bool listens = false;
  bool tells_resets = false;    // an abort is told apart from a close by the peer
  bool half_closes = false;     // one direction can end alone
  bool has_addresses = false;   // peer() and local() are real
  bool ends_after_bytes = true;  // what was written before a close is read before the end
};

struct Ends {
  Stream here, there;
};

/// How connections come about.
class Wiring {
 public:
  virtual ~Wiring() = default;
  virtual const char* name() const noexcept = 0;
  virtual Ability ability() const noexcept = 0;
  /// False where others of the same code are run in all.
  virtual bool every_mode() const noexcept { return true; }
  virtual Deferred<Ends> connected() = 0;
  virtual ListeningSocket listen() { throw Error("does not listen"); }
  virtual std::vector<std::shared_ptr<LayerFactory>> layers() { return {}; }
  virtual Deferred<Stream> connect(const SocketAddress& where);

  bool small_buffers = false;  // in the kernel, where bytes go one at a time
};

/// The same with TLS on it.
std::unique_ptr<Wiring> over_tls(std::unique_ptr<Wiring> below, bool every_mode);

/// All that are built in: each on each poller.
std::vector<std::unique_ptr<Wiring>> wirings();

/// What a case runs on.
class Bed {
 public:
  Bed(Reactor& reactor, Wiring& wiring, const Faults& faults) : reactor(reactor), wiring_(wiring), faults_(faults) {}

  Reactor& reactor;

  Deferred<Ends> connected() { return wiring_.connected(); }
  Port listen(StreamHandler handler) { return Port::serve(wiring_.listen(), std::move(handler), options()); }
  Port listen(std::unique_ptr<ProtocolFactory> factory, TransportOptions transport = {}) {
    PortOptions all = options();
    all.transport = transport;
    return Port::serve(wiring_.listen(), std::move(factory), std::move(all));
  }
  Deferred<Stream> connect(const Port& port) { return wiring_.connect(port.address()); }

  Ability ability() const noexcept { return wiring_.ability(); }
  /// As many bytes as are worth moving: fewer where they go one at a time.
  std::size_t bytes(std::size_t wanted) const noexcept { return faults_.slow() ? wanted / 64 + 1 : wanted; }
  /// Those of the mode.
  const Faults& faults() const noexcept { return faults_; }
  /// Lets the case log `count` warnings or errors at most.
  void expect_log(std::size_t count = 1000) noexcept { log_allowed_ = count; }
  std::size_t log_allowed() const noexcept { return log_allowed_; }

 private:
  PortOptions options() { return {.layers = wiring_.layers()}; }

  Wiring& wiring_;
  const Faults& faults_;
  std::size_t log_allowed_ = 0;
};

using Body = std::function<Deferred<void>(Bed& bed)>;

/// Modes in which a case is worth running.
enum class Modes { kAll, kThatCut, kPlain };

struct Case {
  const char* group;
  std::string name;
  bool (*possible)(const Ability&);
  Body body;
  bool everywhere;  // once for each transport; otherwise once for each poller
  Modes modes = Modes::kAll;

  std::string full_name() const { return std::string(group) + ": " + name; }
};
std::vector<Case>& cases();

struct Registered {
  Registered(Case one) { cases().push_back(one); }
};

class CaseFailed : public Error {
 public:
  using Error::Error;
};

/// Turns until `condition` holds.
template <class Condition>
Deferred<void> until(Condition condition) {
  while (!condition()) co_await sleep(1ms);
}

template <class T>
std::string shown(const T& value) {
  if constexpr (requires(std::ostringstream out) { out << value; }) {
    std::ostringstream out;
    out << value;
    std::string text = out.str();
    return text.size() > 80 ? text.substr(0, 80) + "..." : text;
  } else if constexpr (requires { value.has_value(); }) {
    return value.has_value() ? "something" : "nothing";
  } else {
    return "?";
  }
}

inline void expect(bool held, const std::string& what, const std::source_location& at = std::source_location::current()) {
  if (held) return;
  const std::string_view file = at.file_name();
  throw CaseFailed(std::string(file.substr(file.rfind('/') + 1)) + ":" + std::to_string(at.line()) + ": " + what);
}

#define CONTRACT_NAME_(line) case_##line
#define CONTRACT_NAME(line) CONTRACT_NAME_(line)
#define CONTRACT_REGISTERED_(line) registered_##line
#define CONTRACT_REGISTERED(line) CONTRACT_REGISTERED_(line)
#define CONTRACT_CASE(group, name, possible, everywhere)                                                   \
  static torc::Deferred<void> CONTRACT_NAME(__LINE__)(contract::Bed & bed);                                \
  static const contract::Registered CONTRACT_REGISTERED(__LINE__){                                         \
      {#group, name, [](const contract::Ability& has) -> bool { return possible; }, CONTRACT_NAME(__LINE__), everywhere}}; \
  static torc::Deferred<void> CONTRACT_NAME(__LINE__)([[maybe_unused]] contract::Bed & bed)

/// A case of every transport; of those for which `has.listens` or the like holds; of the loop alone.
#define CASE(group, name) CONTRACT_CASE(group, name, (static_cast<void>(has), true), true)
#define CASE_IF(group, name, possible) CONTRACT_CASE(group, name, possible, true)
#define LOOP_CASE(group, name) CONTRACT_CASE(group, name, (static_cast<void>(has), true), false)

#define EXPECT(condition) contract::expect(static_cast<bool>(condition), #condition)
#define EXPECT_EQ(a, b)                                                                                      \
  do {                                                                                                       \
    const auto& left = (a);                                                                                  \
    const auto& right = (b);                                                                                 \
    contract::expect(left == right, #a " is " + contract::shown(left) + ", not " + contract::shown(right));  \
  } while (false)

}  // namespace contract
