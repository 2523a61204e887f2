// ShutdownLimit: ends a reactor that stops, when background work did not end in time.
#pragma once

#include <torc/reactor/reactor.hpp>

namespace torc::detail {

class ShutdownLimit final : public Timer {
 public:
  explicit ShutdownLimit(Reactor& reactor) noexcept : reactor_(reactor) {}

 private:
  void expire() noexcept override { reactor_.crash(); }

  Reactor& reactor_;
};

}  // namespace torc::detail
