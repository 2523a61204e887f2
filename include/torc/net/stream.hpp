// Stream: a connected stream of bytes with results to wait for, for coroutines and fibers.
//
//   torc::Deferred<void> echo(torc::Stream s) {
//     while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
//   }
//
// Owns its connection. Built on the same Transport that protocols use; bytes are read from the socket
// only while a read waits, so an idle stream holds no buffer and a slow reader slows its peer.
//
// Dropping a pending read loses no byte. Destroying the Stream in normal flow flushes in the background
// and closes; while being dropped or unwound by an exception, or after a pending write was dropped, it
// aborts, because a cut message must not look like a clean end. The Stream must outlive its reads and
// writes. One thread: the reactor's.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/bytes.hpp>
#include <torc/net/errors.hpp>
#include <torc/net/transport.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace torc {

/// The stream ended before what was asked for had come.
class IncompleteRead : public ConnectionLost {
 public:
  using ConnectionLost::ConnectionLost;
};
/// The delimiter did not come within the limit.
class LimitExceeded : public Error {
 public:
  using Error::Error;
};

class Stream {
 public:
  /// Owns the connection of `transport` from here, which lives on the reactor; nothing may be started on it.
  explicit Stream(Transport& transport);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  /// What has arrived, at least one byte; none when the peer has ended.
  Deferred<std::optional<Bytes>> read_some();
  /// Waits for a byte or the end of the stream; true at the end. Takes nothing.
  Deferred<bool> at_end();
  /// Exactly `count` bytes. Fails with IncompleteRead when the stream ends before.
  Deferred<std::string> read_exactly(std::size_t count);
  /// The bytes up to `delimiter`, which is taken but not part of the result; none when the stream ended
  /// cleanly before any byte. Fails with LimitExceeded when `limit` bytes came without it, and with
  /// IncompleteRead when the stream ended inside.
  Deferred<std::optional<std::string>> read_until(std::string delimiter, std::size_t limit = 64 * 1024);
  /// A line without its CR LF or LF; otherwise as read_until.
  Deferred<std::optional<std::string>> read_line(std::size_t limit = 64 * 1024);

  /// Sends `data`, which is copied if it must wait. Fires when the queue is below the high-water mark:
  /// awaiting it is the back-pressure. Fails with the reason when the connection is gone.
  Deferred<void> write(std::string_view data);
  /// Sends a region of a file without copying it through the program; fires as write does.
  Deferred<void> send_file(UniqueFd file, std::uint64_t offset, std::uint64_t length);

  /// Sends `data`, at least one byte, with a descriptor on the first of them, over a UNIX socket; fires as write does.
  /// The peer gets a copy, this one is closed when it has gone out. Fails where descriptors do not pass.
  Deferred<void> send_descriptor(UniqueFd descriptor, std::string_view data);
  /// From here on descriptors that the peer passes are kept for receive_descriptor(): up to 64, more cut the
  /// connection with BufferFull. Before, they are lost with the bytes they came on being read.
  void accept_descriptors() noexcept;
  /// The next descriptor the peer passes, close-on-exec; accepts them if need be. It is here before the byte it was
  /// sent on can be read; what comes meanwhile stays for reads. Fails with LimitExceeded when 64 KiB came without one, with IncompleteRead when
  /// the stream ends. Dropping it loses none that has not been given.
  Deferred<UniqueFd> receive_descriptor();

  /// Puts `layer` between the stream and its connection, such as TLS (torc/tls/tls.hpp), and fires when that is ready.
  /// From the call on everything goes through it. Fails when bytes that came before it were not read: they would be
  /// taken for what they are not. Dropping or cancelling it while it waits leaves a stream that can only be aborted.
  Deferred<void> upgrade(std::unique_ptr<Layer> layer);

  /// Tells the peer that no more will be written, after what is queued.
  void shutdown_write() noexcept;
  /// Flushes in the background and closes; pending reads end.
  void close() noexcept;
  /// Cuts the connection.
  void abort() noexcept;
  /// False once the connection is known to be gone or was closed here.
  bool open() const noexcept;
  /// Bytes written and not yet taken by the socket.
  std::uint64_t unsent() const noexcept;

  SocketAddress peer() const;
  SocketAddress local() const;
  /// Who the peer of a UNIX socket is; none on others.
  std::optional<PeerCredentials> peer_credentials() const;
  /// What the stream stands on, to be asked about it (layer_of, tls::info); null once it is over.
  const Transport* transport() const noexcept;

  /// The socket and what was not read, for adopt() on another reactor; the stream is over then, as if closed. Throws
  /// CannotRelease, and nothing changes, while something waits on it, bytes are to be sent, or a layer lies between.
  ReleasedSocket release_socket();
  /// A stream on this reactor that goes on where the released one stopped. Throws SystemError when the reactor cannot
  /// watch it; it is closed then.
  static Stream adopt(ReleasedSocket released);

 private:
  friend class Connection;
  /// What is below, without an owner, and bytes that came and were not read. Throws the reason when it is over.
  std::pair<Transport*, std::string> release() &&;
  class Core;
  struct Ending {
    void operator()(Core* core) const noexcept;
  };
  std::unique_ptr<Core, Ending> core_;
};

}  // namespace torc
