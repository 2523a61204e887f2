// Opens `--connections`, has each of them served once (`--greet echo` or `http`; `none` leaves them untouched), prints
// `HOLDING n` and keeps them open until its input ends.
#include "answers.hpp"

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port", "connections", "greet", "time-limit"}};
  alarm(static_cast<unsigned>(arguments.number("time-limit", 120)));
  const std::string_view greet = arguments.text("greet", "none");
  const long count = arguments.number("connections", 1000);

  for (long i = 0; i < count; ++i) {
    int fd = bench::connect_to(arguments.port(), static_cast<std::size_t>(i));
    if (greet == "http") {
      bench::send_fully(fd, bench::kRequest);
      bench::read_answers(fd, 1, 13);
    } else if (greet == "echo") {
      char byte = 'x';
      bench::send_fully(fd, {&byte, 1});
      if (recv(fd, &byte, 1, 0) != 1) bench::fail("no echo");
    }
  }
  std::printf("HOLDING %ld\n", count);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
