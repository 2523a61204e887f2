// HTTP/1.1 requests over `--connections` kept alive to each server, `--pipeline` of them outstanding on each; every
// answer is checked. load.hpp tells what is printed.
#include "answers.hpp"

int main(int argc, char** argv) {
  bench::Arguments arguments{
      argc, argv, {"servers", "connections", "slices", "turns", "pipeline", "body", "time-limit"}};
  alarm(static_cast<unsigned>(arguments.number("time-limit", 60)));
  const long pipeline = arguments.number("pipeline", 1);
  const auto body = static_cast<std::size_t>(arguments.number("body", 13));
  auto targets = bench::connect_all(arguments.text("servers", ""), arguments.number("connections", 64));

  std::string requests;
  for (long i = 0; i < pipeline; ++i) requests += bench::kRequest;
  auto send = [&](int fd) { bench::send_fully(fd, requests); };
  auto receive = [&](int fd) { bench::read_answers(fd, pipeline, body); };
  bench::measure(
      targets, arguments.number("slices", 20), arguments.number("turns", 1000), pipeline,
      [&](const bench::Target& target, long turns) { bench::exchange(target.connections, turns, send, receive); });
}
