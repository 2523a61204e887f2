// A chain of callbacks: a value goes down one side, a failure down the other, and each stage may change sides.
#include <torc/torc.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

int main() {
  auto [d, promise] = torc::make_deferred<void>();  // consumer end, producer end
  std::move(d)                                      // then(on_value, on_error): one stage, one of the two runs
      .then([]() -> std::string { std::puts("What is love?"); throw std::runtime_error{"hurt"}; },
            [](torc::Failure) { return std::string{"guh"}; })
      .then([](std::string s) { std::puts("blablabla"); return s; },
            [](torc::Failure f) { std::puts("Baby don't hurt me"); return f; })
      .then([](std::string s) { std::puts("Heeey Macarena!"); return s; },
            [](torc::Failure f) {
              f.trap<std::runtime_error>();  // throws any other error on
              std::puts("Don't hurt me");
              return std::string{"No more"};
            })
      .then([](std::string s) { std::puts(s.c_str()); })
      .detach();        // to the background; a failure at its end is logged, never lost
  promise.set_value();  // plain function calls, no reactor involved
}
