// A value through four nodes on the heap; a coroutine that awaits what is ready.
#include <coroutine>
#include <cstdlib>
#include <exception>
#include <memory>
#include <utility>

#include "../../micro.hpp"

namespace {

// Nodes from a list of free ones, as whoever is after the least has them.
struct Node {
  virtual ~Node() = default;
  virtual int fire(int n) noexcept = 0;
  static void* operator new(std::size_t size) {
    if (!free_list) return ::operator new(size);
    return std::exchange(free_list, free_list->next);
  }
  static void operator delete(void* place) { free_list = new (place) Free{free_list}; }

  Node* next = nullptr;

 private:
  struct Free {
    Free* next;
    static void* operator new(std::size_t, void* place) { return place; }
  };
  static inline Free* free_list = nullptr;
};
template <class F>
struct Stage final : Node {
  explicit Stage(F f) : f(f) {}
  int fire(int n) noexcept override { return next ? next->fire(f(n)) : f(n); }
  F f;
};
template <class F>
[[gnu::noinline]] Node* stage(F f, Node* before) {
  auto* node = new Stage<F>(f);
  if (before) before->next = node;
  return node;
}

const micro::Row fire_three("fire_three", [](micro::Run& run) {
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    Node* first = stage([](int n) { return n; }, nullptr);
    Node* second = stage([](int n) { return n + 1; }, first);
    Node* third = stage([](int n) { return n + 2; }, second);
    Node* fourth = stage([](int n) { return n + 3; }, third);
    micro::keep(first);
    micro::keep(first->fire(1));
    for (Node* node : {first, second, third, fourth}) delete node;
  }
});

struct Task {
  struct promise_type {
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(int n) { value = n; }
    void unhandled_exception() { std::terminate(); }
    int value = 0;
  };
  bool await_ready() const noexcept { return handle.done(); }
  void await_suspend(std::coroutine_handle<>) const noexcept { std::abort(); }
  int await_resume() const noexcept { return handle.promise().value; }
  explicit Task(std::coroutine_handle<promise_type> handle) : handle(handle) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { handle.destroy(); }
  std::coroutine_handle<promise_type> handle;
};

struct Ready {
  bool await_ready() const noexcept { return ready; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  int await_resume() const noexcept { return value; }
  int value;
  bool ready = true;
};

Task await_values(micro::Run& run) {
  int sum = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    Ready one{1};
    micro::keep(one);
    sum += co_await one;
    micro::keep(sum);
  }
  co_return sum;
}
const micro::Row await_ready("await_ready", [](micro::Run& run) { Task task = await_values(run); });

}  // namespace
