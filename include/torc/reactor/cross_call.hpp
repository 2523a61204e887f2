// CrossCall: a function called on another reactor's thread, and its result brought home. Under ReactorGroup::call.
//
//   home:  CrossCall ──errand──▶ door of the other reactor ──▶ the function, its Deferred
//          fires    ◀── door of this one ◀────────────────── Return, with the outcome or without
//
// The CrossCall stays on its reactor's thread. The Errand is shared; `caller` is touched at home only, `running` there
// only. A Return that dies without an outcome says so: the other reactor stopped, or was gone, before it had one.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/async/maybe_deferred.hpp>
#include <torc/async/tasks.hpp>
#include <torc/base/errors.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/thread_door.hpp>

#include <memory>
#include <source_location>
#include <utility>

namespace torc::detail {

template <class T>
class CrossCall final : public OperationOf<T>, public Resident, private Root, public Pooled {
 public:
  /// Calls `f` behind `there`. Dropping the result drops what `f` gave, there and a little later; cancelling it cancels
  /// that, and ends when that has. Fails with ReactorStopped when either reactor stops first.
  template <class F>
  static Deferred<T> start(std::shared_ptr<ThreadDoor> there, F f, const std::source_location& where) {
    Reactor& reactor = Reactor::required("a call to another reactor");
    auto errand = std::make_shared<Errand>(reactor.thread_door(), std::move(there));
    auto* operation = new CrossCall(errand, where);
    errand->caller = operation;
    reactor.house(*operation);
    Deferred<T> result(operation);
    std::move_only_function<void()> call = [back = Return(errand), f = std::move(f)]() mutable {
      Errand::run(std::move(back), f);
    };
    keep_context(call);
    errand->there->call(std::move(call));  // where nobody is there, the Return says so
    return result;
  }

  WaitSite site() const noexcept override { return {"another reactor"}; }

 private:
  struct Errand;

  // The way home: delivers an outcome, or that there is none.
  class Return {
   public:
    explicit Return(std::shared_ptr<Errand> errand) noexcept : errand_(std::move(errand)) {}
    Return(Return&&) noexcept = default;
    Return& operator=(Return&&) = delete;
    ~Return() {
      if (errand_) deliver(Failure(ReactorStopped("the other reactor stopped before the result was there")));
    }
    Errand& errand() const noexcept { return *errand_; }
    const std::shared_ptr<Errand>& shared() const noexcept { return errand_; }
    void deliver(Outcome<T> outcome) noexcept {
      auto errand = std::exchange(errand_, nullptr);
      ThreadDoor& home = *errand->home;
      home.call([errand = std::move(errand), outcome = std::move(outcome)]() mutable {
        if (errand->caller) std::exchange(errand->caller, nullptr)->finish(std::move(outcome));
      });
    }

   private:
    std::shared_ptr<Errand> errand_;
  };

  // While something runs, the reactor there houses the errand, which then owns itself.
  struct Errand final : Resident, std::enable_shared_from_this<Errand> {
    Errand(std::shared_ptr<ThreadDoor> home, std::shared_ptr<ThreadDoor> there) noexcept
        : home(std::move(home)), there(std::move(there)) {}

    template <class F>
    static void run(Return back, F& f) {
      if (back.errand().unwanted) return;
      Deferred<T> result = maybe_deferred(f);
      if (result.fired()) return back.deliver(result.take());
      const auto errand = back.shared();
      errand->self = errand;
      Reactor::required("a call from another reactor").house(*errand);
      errand->running = std::move(result).then_outcome([back = std::move(back)](Outcome<T> outcome) mutable {
        const auto errand = back.shared();
        errand->running = succeed();  // ends on this thread, wherever the last reference goes
        back.deliver(std::move(outcome));
        errand->leave();
      });
    }
    void drop() noexcept {
      const auto keep = this->shared_from_this();
      unwanted = true;
      running = succeed();
      leave();
    }
    void leave() noexcept {
      Resident::unlink();
      const auto last = std::move(self);
    }
    void reactor_stopping() noexcept override {
      if (running.pending()) std::move(running).detach();  // cancelled with the background, and waited for
      leave();
    }
    void reactor_gone() noexcept override { drop(); }

    const std::shared_ptr<ThreadDoor> home;
    const std::shared_ptr<ThreadDoor> there;
    CrossCall* caller = nullptr;           // at home
    bool unwanted = false;                 // there
    Deferred<void> running = succeed();    // there
    std::shared_ptr<Errand> self;          // there
  };

  CrossCall(std::shared_ptr<Errand> errand, const std::source_location& where)
      : Root("a call to another reactor", this, where), errand_(std::move(errand)) {}
  void unlink() noexcept {
    Resident::unlink();
    Root::unlink();
  }
  void finish(Outcome<T> outcome) noexcept {
    unlink();
    this->fire(std::move(outcome));
  }
  // Nobody waits any more.
  void unregister() noexcept {
    unlink();
    if (!errand_->caller) return;
    errand_->caller = nullptr;
    ThreadDoor& there = *errand_->there;
    there.call([errand = errand_] { errand->drop(); });
  }
  void cancel_leaf() noexcept override {
    ThreadDoor& there = *errand_->there;
    there.call([errand = errand_] { errand->running.cancel(); });
  }
  void reactor_stopping() noexcept override {
    if (!errand_->caller) return;
    unregister();
    Operation::fire(Failure(ReactorStopped("the reactor stopped before a call to another one had its result")));
  }
  void reactor_gone() noexcept override { unregister(); }
  void abandon() noexcept override {
    unregister();
    delete this;
  }
  void discard() noexcept override { delete this; }

  const std::shared_ptr<Errand> errand_;
};

}  // namespace torc::detail
