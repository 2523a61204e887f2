// Layers for tests: what stands above and below them matters, not what they do.
#pragma once

#include <torc/base/errors.hpp>
#include <torc/net/layer.hpp>

#include <string>
#include <string_view>

namespace torc {

/// Turns each byte around, both ways.
class Flipped : public Layer {
 public:
  void data_received(std::string_view data) override { Layer::data_received(flipped(data)); }
  void write(std::string_view data) noexcept override { Layer::write(flipped(data)); }

 private:
  static std::string flipped(std::string_view data) {
    std::string text(data);
    for (auto& c : text) c = static_cast<char>(c ^ 0x55);
    return text;
  }
};

/// Is ready when each side has said "go".
class Greeting : public Layer {
 public:
  void connection_made() override { below().write("go"); }
  void data_received(std::string_view data) override {
    if (is_up()) return Layer::data_received(data);
    seen_ += data;
    if (!std::string_view("go").starts_with(seen_.substr(0, 2))) throw Error("no greeting");
    if (seen_.size() < 2) return;
    const std::string rest = seen_.substr(2);
    up();
    if (!rest.empty()) Layer::data_received(rest);
  }

 private:
  std::string seen_;
};

}  // namespace torc
