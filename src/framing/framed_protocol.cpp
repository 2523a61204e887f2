#include <torc/framing/framed_protocol.hpp>

#include <torc/async/deferred.hpp>

#include <utility>

namespace torc::framing {

FramedProtocol::~FramedProtocol() {
  if (gone_) *gone_ = true;
}

void FramedProtocol::pause() noexcept {
  paused_ = true;
  transport().pause_reading();
}

void FramedProtocol::resume() noexcept {
  if (!std::exchange(paused_, false)) return;
  if (gone_ || rest_.empty()) {
    transport().resume_reading();
  } else {
    Scheduler::required("resuming a protocol").post(*this);
  }
}

void FramedProtocol::data_received(std::string_view data) {
  if (paused_ || gone_ || !rest_.empty()) {
    rest_ += data;  // a layer below gave more than was asked for
  } else {
    deliver(data);
  }
}

void FramedProtocol::run() noexcept {
  if (paused_) return;
  Transport& transport = this->transport();
  const auto cork = transport.cork();
  try {
    const std::string rest = std::exchange(rest_, {});
    if (deliver(rest) && !paused_ && !transport.closing()) transport.resume_reading();
  } catch (...) {
    torc::detail::report_unhandled(Failure::current(), "in a protocol, whose connection is aborted");
    transport.abort();
  }
}

// Marks a stretch that calls out, and tells whether this was destroyed meanwhile.
class FramedProtocol::Delivering {
 public:
  explicit Delivering(FramedProtocol& self) noexcept : self_(self) { self.gone_ = &gone_; }
  ~Delivering() {
    if (!gone_) self_.gone_ = nullptr;
  }
  bool gone() const noexcept { return gone_; }

 private:
  FramedProtocol& self_;
  bool gone_ = false;
};

// False when a callback destroyed this.
bool FramedProtocol::deliver(std::string_view input) {
  Transport& transport = this->transport();
  const auto cork = transport.cork();  // what a transport owns lives until this ends
  const Delivering delivering(*this);
  while (!paused_ && !transport.closing()) {
    const bool more = take(input);
    if (delivering.gone()) return false;
    if (!more) break;
    if (&this->transport() != &transport && !input.empty()) {
      throw FramingError("the peer sent bytes before the connection was upgraded: nothing vouches for them");
    }
  }
  if (transport.closing()) return true;
  if (paused_) {
    rest_.insert(0, input);
  } else if (!rest_.empty()) {
    Scheduler::required("a protocol").post(*this);
  }
  return true;
}

}  // namespace torc::framing
