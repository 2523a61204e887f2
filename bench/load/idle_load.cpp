// Opens `--connections`, has each of them served once (`--greet echo` or `http`; `none` leaves them untouched), prints
// `HOLDING n` and keeps them open until its input ends.
#include "answers.hpp"

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port", "connections", "greet", "time-limit"}};
  alarm(static_cast<unsigned>(arguments.number("time-limit", 120)));
  const std::string_view greet = arguments.text("greet", "none");
  const auto count = static_cast<std::size_t>(arguments.number("connections", 1000));

  constexpr std::size_t kBlock = 500;  // few enough for any backlog of connections not accepted yet
  std::vector<int> block;
  for (std::size_t opened = 0; opened < count; opened += block.size()) {
    block.clear();
    while (block.size() < std::min(kBlock, count - opened)) {
      block.push_back(bench::connect_to(arguments.port(), opened + block.size()));
      if (greet == "http") bench::send_fully(block.back(), bench::kRequest);
      if (greet == "echo") bench::send_fully(block.back(), "x");
    }
    for (int fd : block) {
      char byte;
      if (greet == "http") bench::read_answers(fd, 1, 13);
      if (greet == "echo" && recv(fd, &byte, 1, 0) != 1) bench::fail("no echo");
    }
  }
  std::printf("HOLDING %zu\n", count);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
