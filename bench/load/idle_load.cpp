// Idle connections, each served once: `--greet echo` or `http`; `none` leaves them untouched.
#include "answers.hpp"
#include "hold.hpp"

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port", "connections", "greet", "time-limit"}};
  const std::string_view greet = arguments.text("greet", "none");
  bench::hold(
      arguments,
      [&](int fd) {
        if (greet == "http") bench::send_fully(fd, bench::kRequest);
        if (greet == "echo") bench::send_fully(fd, "x");
      },
      [&](int fd) {
        char byte;
        if (greet == "http") bench::read_answers(fd, 1, 13);
        if (greet == "echo" && recv(fd, &byte, 1, 0) != 1) bench::fail("no echo");
      });
}
