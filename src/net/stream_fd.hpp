// StreamFd: the descriptor, or the two, behind a transport, and how bytes go through them.
//
// A socket is one descriptor for both directions. Pipes, terminals and what else has no socket calls are one for
// reading and one for writing, of which either may be missing. Results are counts, or -errno; interrupted calls go on.
// Over UNIX sockets descriptors can go along with bytes (src/net/descriptor_passing.cpp).
#pragma once

#include <torc/base/address.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/net/peer_credentials.hpp>

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace torc {

class StreamFd {
 public:
  /// A connected stream socket. Asks the system whether it is a UNIX one.
  explicit StreamFd(UniqueFd socket) noexcept;
  /// As the first, for who knows.
  StreamFd(UniqueFd socket, bool local) noexcept : in_(std::move(socket)), socket_(true), local_(local) {}
  /// What is read from and what is written to. One descriptor for both, such as a terminal, is given as `in` alone,
  /// with `both`.
  StreamFd(UniqueFd in, UniqueFd out, bool both = false) noexcept
      : in_(std::move(in)), out_(std::move(out)), both_(both) {}

  bool is_socket() const noexcept { return socket_; }
  /// A UNIX socket. There a read that fills less than its buffer need not have emptied it: it ends where the next
  /// descriptor lies.
  bool is_local() const noexcept { return local_; }
  /// Where bytes come from, or -1.
  int in() const noexcept { return in_.get(); }
  /// Where they go, or -1.
  int out() const noexcept { return socket_ || both_ ? in_.get() : out_.get(); }

  /// Bytes read, 0 at the end, which is also where there is nothing to read from.
  std::int64_t receive(char* into, std::size_t size) noexcept;
  std::int64_t send(std::string_view data) noexcept;
  /// `more`: something follows at once, so that a packet may wait for it.
  std::int64_t send(std::span<iovec> pieces, bool more) noexcept;
  /// As the first, with a copy of `passed` on its first byte.
  std::int64_t send(std::string_view data, int passed) noexcept;
  /// As receive, with what was passed on these bytes; -EMFILE when some of it was lost for want of room.
  std::int64_t receive(char* into, std::size_t size, std::vector<UniqueFd>& passed) noexcept;
  /// From a file, advancing `offset`; 0 where the file ends.
  std::int64_t send_file(int file, off_t& offset, std::size_t size) noexcept;

  /// No more will be written.
  void shutdown_write() noexcept;
  /// The coming close tells the peer that the stream was cut, where it can.
  void cut() noexcept;
  /// What the system holds until the peer has it.
  std::uint64_t held() const noexcept;
  /// The error that is pending on a socket, or 0.
  int pending_error() noexcept;

  std::optional<PeerCredentials> credentials() const noexcept;
  SocketAddress peer() const;
  SocketAddress local() const;

  void close() noexcept {
    in_.reset();
    out_.reset();
  }
  /// Gives the socket away.
  UniqueFd release() noexcept { return std::move(in_); }

 private:
  UniqueFd in_;
  UniqueFd out_;
  bool socket_ = false;
  bool local_ = false;
  bool both_ = false;
};

}  // namespace torc
