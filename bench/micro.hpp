// What the programs of `run.py micro` share: rows, each timed for a given number of times.
//
//   static const micro::Row row("fiber_switch", [](micro::Run& run) {
//     ...;                                      // what is not measured
//     const auto measured = run.measure();
//     for (long i = 0; i < run.count(); ++i) ...;
//   });
//
// `PROGRAM ROW COUNT` prints `ROW ns mallocs`: CPU time of the whole process, and calls of malloc by whomever, for one
// of COUNT. COUNT is a multiple of kBatch. `PROGRAM --rows` lists the rows.
#pragma once

#include <time.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "sleeper.hpp"

namespace micro {

/// Calls that are made before the first of them runs, in the rows that cross threads.
inline constexpr long kBatch = 4000;

inline std::uint64_t mallocs = 0;  // approximate when several threads allocate at once

/// The compiler must have `value`, and may have changed all memory.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

class Run {
 public:
  explicit Run(long count) : count_(count) {}
  long count() const { return count_; }
  double ns() const { return ns_ / static_cast<double>(count_); }
  double mallocs_each() const { return static_cast<double>(mallocs_) / static_cast<double>(count_); }

  class Measured {
   public:
    explicit Measured(Run& run) : run_(run), mallocs_(mallocs), began_(now()) {}
    ~Measured() {
      run_.ns_ = now() - began_;
      run_.mallocs_ = mallocs - mallocs_;
    }
    Measured(const Measured&) = delete;
    Measured& operator=(const Measured&) = delete;

   private:
    static double now() {
      timespec t{};
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
      return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
    }
    Run& run_;
    std::uint64_t mallocs_;
    double began_;
  };
  /// Measures until what it returns is destroyed.
  [[nodiscard]] Measured measure() { return Measured(*this); }

 private:
  long count_;
  double ns_ = 0;
  std::uint64_t mallocs_ = 0;
};

class Row {
 public:
  Row(const char* name, void (*body)(Run&)) : name_(name), body_(body) { all().push_back(this); }
  std::string_view name() const { return name_; }
  void operator()(Run& run) const { body_(run); }

  static std::vector<const Row*>& all() {
    static std::vector<const Row*> rows;
    return rows;
  }

 private:
  const char* name_;
  void (*body_)(Run&);
};

inline int run(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--rows") == 0) {
    for (const Row* row : Row::all()) std::puts(row->name().data());
    return 0;
  }
  const long count = argc == 3 ? std::atol(argv[2]) : 0;
  for (const Row* row : Row::all()) {
    if (count <= 0 || count % kBatch != 0 || row->name() != argv[1]) continue;
    Run warm(kBatch), judged(count);
    (*row)(warm);
    (*row)(judged);
    std::printf("%s %.3f %.3f\n", argv[1], judged.ns(), judged.mallocs_each());
    return 0;
  }
  std::fprintf(stderr, "%s: --rows, or a row and a multiple of %ld\n", argv[0], kBatch);
  return 2;
}

}  // namespace micro

// glibc lets a program bring its own malloc; these are glibc's, counted.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
}
#define MICRO_MAIN                                                             \
  extern "C" void* malloc(std::size_t size) noexcept {                         \
    ++micro::mallocs;                                                          \
    return __libc_malloc(size);                                                \
  }                                                                            \
  extern "C" void* calloc(std::size_t number, std::size_t size) noexcept {     \
    ++micro::mallocs;                                                          \
    return __libc_calloc(number, size);                                        \
  }                                                                            \
  extern "C" void* realloc(void* block, std::size_t size) noexcept {           \
    ++micro::mallocs;                                                          \
    return __libc_realloc(block, size);                                        \
  }                                                                            \
  int main(int argc, char** argv) { return micro::run(argc, argv); }
