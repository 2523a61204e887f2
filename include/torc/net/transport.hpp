// Transport: a connected stream of bytes, as a Protocol sees it.
//
// The leanest way to use a connection: incoming bytes arrive by Protocol::data_received as a view into
// the reactor's buffer, outgoing ones go to the socket at once and are queued only when it would block.
// An idle transport holds no buffer. TCP, UNIX, pipes, terminals and TLS are the same to a protocol. One
// thread: the reactor's.
//
// Ends: close() flushes first; abort() cuts. Protocol::connection_lost follows exactly once, later,
// never from inside the call; after it the transport is gone.
#pragma once

#include <torc/base/address.hpp>
#include <torc/base/bytes.hpp>
#include <torc/base/time.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/net/peer_credentials.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace torc {

/// Limits of a transport. One object serves many transports and must outlive them.
struct TransportOptions {
  /// Queued bytes above which the protocol is told to pause, and its own socket is not read.
  std::size_t high_water = 64 * 1024;
  /// Queued bytes at which both resume.
  std::size_t low_water = 16 * 1024;
  /// Queued bytes above which a further write aborts the connection with BufferFull.
  std::size_t write_limit = 16 * 1024 * 1024;
  /// How long close() goes on flushing while the peer takes nothing.
  Duration close_timeout = std::chrono::seconds(10);
};

/// A connection between two owners. It belongs to no reactor and may change threads; destroying it closes it.
struct ReleasedSocket {
  UniqueFd socket = {};
  std::string unread = {};  // came before, and was not read
};

class Layer;
class Protocol;

class Transport {
 public:
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Sends `data`, behind what was written before. What the socket does not take is copied and queued.
  /// Dropped silently when the connection is closing or gone.
  virtual void write(std::string_view data) noexcept = 0;
  /// Sends `length` bytes of a file from `offset`, behind what was written before, without copying them
  /// through the program. A file that ends early aborts the connection: its framing would be a lie.
  virtual void write_file(UniqueFd file, std::uint64_t offset, std::uint64_t length) noexcept = 0;
  /// Whether descriptors can be passed to the peer: over a UNIX socket, and no layer that changes bytes lies on it.
  virtual bool passes_descriptors() const noexcept { return false; }
  /// As write, with a descriptor on the first byte of `data`, of which there must be one. Aborts the connection where
  /// descriptors do not pass.
  virtual void write_descriptor(UniqueFd descriptor, std::string_view data) noexcept;
  /// From here on descriptors that the peer passes reach Protocol::descriptor_received; before, the system closes them
  /// with the bytes they come on. Does nothing where none pass.
  virtual void accept_descriptors() noexcept {}

  /// Bytes written and not yet taken by the socket, file regions included.
  virtual std::uint64_t unsent() const noexcept = 0;
  /// The same and what the system holds until the peer has it: megabytes, so that unsent() alone may stand still for
  /// minutes while a slow peer reads. This falls as long as it does. Asks the system.
  virtual std::uint64_t unacknowledged() const noexcept = 0;

  /// True from when the queue passed the high-water mark until it is down at the low one.
  virtual bool full() const noexcept = 0;

  /// While one lives, writes gather and leave together when the outermost ends.
  class Cork;
  [[nodiscard]] Cork cork() noexcept;

  /// Sends what is queued, then closes.
  virtual void close() noexcept = 0;
  /// Closes at once; the peer sees a reset, queued bytes are lost.
  virtual void abort() noexcept = 0;
  /// Sends what is queued, then tells the peer that no more will come. Reading goes on.
  virtual void shutdown_write() noexcept = 0;

  /// True from close() or abort() on, and when the connection is over: nothing that comes is wanted any more. Who
  /// takes several messages out of one data_received asks between them.
  virtual bool closing() const noexcept = 0;

  /// Stops and restarts the calls of data_received.
  virtual void pause_reading() noexcept = 0;
  virtual void resume_reading() noexcept = 0;

  /// The two ends. Each asks the system: keep the answer.
  virtual SocketAddress peer() const = 0;
  virtual SocketAddress local() const = 0;
  /// Who the peer is, where the system vouches for it: on UNIX sockets.
  virtual std::optional<PeerCredentials> peer_credentials() const { return std::nullopt; }

  /// What this stands on: for a layer the transport below it; null for a descriptor.
  virtual const Transport* lower() const noexcept { return nullptr; }

  // For what stands on a transport: streams, layers, ports.

  /// Connects `protocol` to this transport, which owns it from here, and calls its connection_made; now, or when a
  /// layer that is not ready yet has become so.
  void start(std::unique_ptr<Protocol> protocol);
  /// As start, with a protocol that somebody else owns and takes away with forget_protocol().
  void start(Protocol& borrowed);
  /// Puts `layer` between this and its protocol, which goes on above it and hears of it by Protocol::layer_up.
  void insert(std::unique_ptr<Layer> layer);
  /// The owner of a borrowed protocol lets go: no further call reaches it, and nothing is read until another starts.
  void forget_protocol() noexcept;
  /// Gives the socket away, with what came and was not told, and ends, without a word to the protocol. Throws CannotRelease, and all is as it was, where
  /// there is more to it than a socket with nothing on the way.
  virtual ReleasedSocket release_socket();

 protected:
  Transport() = default;
  ~Transport() = default;
  /// A protocol is in place and is to be told as soon as may be.
  virtual void protocol_started() = 0;
  /// Whether somebody outside holds what is on top: a protocol that was lent, on this or on layers above it.
  bool held() const noexcept;
  /// For the destructor, while the transport can still be called by what dies.
  void destroy_protocol() noexcept;

  virtual void begin_cork() noexcept = 0;
  virtual void end_cork() noexcept = 0;

  Protocol* protocol_ = nullptr;
  bool owns_protocol_ = false;

 private:
  friend class Layer;
};

class [[nodiscard]] Transport::Cork {
 public:
  /// The transport, and a protocol it owns, stay at least as long as the cork.
  explicit Cork(Transport& transport) noexcept : transport_(transport) { transport_.begin_cork(); }
  ~Cork() { transport_.end_cork(); }
  Cork(const Cork&) = delete;
  Cork& operator=(const Cork&) = delete;

 private:
  Transport& transport_;
};

inline Transport::Cork Transport::cork() noexcept { return Cork(*this); }

}  // namespace torc
