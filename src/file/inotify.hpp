// Inotify: the one inotify descriptor of a reactor (Reactor::service), and who is told of what.
//
// The kernel knows a file once, however many watch it: watches are shared, and the last subscriber removes them. The
// descriptor stays open until the reactor ends, for closing it waits in the kernel, ten milliseconds and more; the loop
// looks at it while there is a watch.
//
// Events have positions: how many bytes the kernel had written before them since the beginning. position() is that of
// the next event to come, so who looks at the disk and then asks knows which of the events still to be read were before
// it looked.
#pragma once

#include "file/inotify_record.hpp"

#include <torc/base/intrusive_list.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/reactor/reactor.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace torc::file {

class Inotify final : private torc::detail::Watch, private torc::detail::Posted {
 public:
  class Subscriber : public torc::detail::ListHook {
   public:
    /// Must not run user code, nor add or remove watches.
    virtual void told(const InotifyRecord& record, std::uint64_t position) noexcept = 0;
    /// Events were lost.
    virtual void overflowed() noexcept = 0;
    /// The reactor is being destroyed: there are no watches any more.
    virtual void inotify_gone() noexcept = 0;

   protected:
    ~Subscriber() = default;
  };

  Inotify() noexcept;
  ~Inotify();

  /// In the list until it unlinks itself, for overflowed() and inotify_gone().
  void enlist(Subscriber& subscriber) noexcept { subscribers_.push_back(subscriber); }

  enum class Only { kAnything, kFolderItself };
  /// The watch for what is at `path`, new or not; from now on it tells `subscriber`. Negative: an errno value.
  int add(const std::string& path, Only only, Subscriber& subscriber);
  /// Nothing more is told of it, not even what the kernel has noted already.
  void remove(int watch, Subscriber& subscriber) noexcept;

  std::uint64_t position() const noexcept;
  /// The position up to which events have been told.
  std::uint64_t told_until() const noexcept { return read_; }
  /// Reads what is there.
  void read_all() noexcept;

 private:
  struct Subscription {
    Subscriber* subscriber;
    std::uint64_t since;
  };

  void ready(torc::detail::Readiness) noexcept override { read_all(); }
  void run() noexcept override { read_all(); }
  int begin();
  void rest_if_idle() noexcept;
  void dispatch(const InotifyRecord& record, std::uint64_t position);

  Reactor& reactor_;
  UniqueFd fd_;
  bool looking_ = false;
  std::uint64_t read_ = 0;  // bytes
  std::unordered_map<int, std::vector<Subscription>> watches_;
  torc::detail::IntrusiveList<Subscriber> subscribers_;
};

}  // namespace torc::file
