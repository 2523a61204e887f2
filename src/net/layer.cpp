#include <torc/net/layer.hpp>

#include <torc/async/operation.hpp>

#include <torc/net/errors.hpp>

#include <utility>

namespace torc {

void Transport::start(std::unique_ptr<Protocol> protocol) {
  owns_protocol_ = true;
  protocol_ = protocol.release();
  protocol_->transport_ = this;
  protocol_started();
}

void Transport::start(Protocol& borrowed) {
  owns_protocol_ = false;
  protocol_ = &borrowed;
  borrowed.transport_ = this;
  protocol_started();
}

void Transport::insert(std::unique_ptr<Layer> layer) {
  layer->owns_protocol_ = std::exchange(owns_protocol_, false);
  layer->protocol_ = std::exchange(protocol_, nullptr);
  if (layer->protocol_) layer->protocol_->transport_ = layer.get();
  layer->told_ = layer->protocol_ != nullptr;
  start(std::unique_ptr<Protocol>(std::move(layer)));
}

void Transport::forget_protocol() noexcept {
  protocol_ = nullptr;
  owns_protocol_ = false;
  pause_reading();
}

bool Transport::held() const noexcept {
  if (!protocol_ || !owns_protocol_) return protocol_ != nullptr;
  const auto* layer = dynamic_cast<const Layer*>(protocol_);
  return layer && layer->held();
}

void Transport::destroy_protocol() noexcept {
  if (owns_protocol_) delete std::exchange(protocol_, nullptr);
}

void Transport::write_descriptor(UniqueFd, std::string_view) noexcept { abort(); }

ReleasedSocket Transport::release_socket() {
  throw CannotRelease("the connection cannot be given away: it does not lie on a socket directly (a layer such as TLS "
                      "holds state of its own)");
}

// May be called from outside, where no transport catches what a protocol throws.
void Layer::protocol_started() {
  told_ = up_;
  if (!up_) return;
  resume_reading();  // the one before let go
  try {
    above()->connection_made();
  } catch (...) {
    Failure failure = Failure::current();
    detail::report_unhandled(failure, "in a protocol, whose connection is aborted");
    threw_ = std::move(failure);
    abort();
  }
}

void Layer::up() {
  up_ = true;
  if (!above()) return;
  if (std::exchange(told_, true)) {
    above()->layer_up();
  } else {
    above()->connection_made();
  }
}

void Layer::data_received(std::string_view data) {
  if (above()) above()->data_received(data);
}

void Layer::write_descriptor(UniqueFd descriptor, std::string_view data) noexcept {
  lets_descriptors_pass() ? below().write_descriptor(std::move(descriptor), data) : abort();
}

void Layer::descriptor_received(UniqueFd descriptor) {
  if (above()) above()->descriptor_received(std::move(descriptor));
}

void Layer::end_received() {
  above() && up_ ? above()->end_received() : below().close();
}

void Layer::connection_lost(const Failure& reason) {
  const Failure why = threw_ ? threw_.take() : reason;
  if (above() && told_) above()->connection_lost(why);
}

void Layer::layer_up() {
  if (above() && told_) above()->layer_up();
}

void Layer::pause_writing() {
  if (above() && told_) above()->pause_writing();
}

void Layer::resume_writing() {
  if (above() && told_) above()->resume_writing();
}

void Layer::drain() {
  above() && told_ ? above()->drain() : below().close();
}

std::size_t Layer::max_read() const noexcept { return above() ? above()->max_read() : Protocol::max_read(); }

bool Layer::reads_while_full() const noexcept { return above() && above()->reads_while_full(); }

}  // namespace torc
