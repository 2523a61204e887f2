// How long single round trips of `--size` bytes take over one connection to each server. The servers have their turns
// as in load.hpp; prints for every slice, in nanoseconds, `<slice> <server> <median> <99th percentile>`.
#include "load.hpp"

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"servers", "size", "slices", "turns", "time-limit"}};
  alarm(static_cast<unsigned>(arguments.number("time-limit", 60)));
  const auto targets = bench::connect_all(arguments.text("servers", ""), 1);
  const bench::EchoedMessage message(static_cast<std::size_t>(arguments.number("size", 1024)));

  std::vector<double> times(static_cast<std::size_t>(arguments.number("turns", 1000)));
  auto share = [&](double part) {
    const auto at = times.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(times.size()));
    std::ranges::nth_element(times, at);
    return *at;
  };
  bench::take_turns(targets, arguments.number("slices", 20), [&](long slice, std::size_t index) {
    const int fd = targets[index].connections.front();
    auto round_trip = [&] {
      const double start = bench::now();
      message.send(fd);
      message.receive(fd);
      return bench::now() - start;
    };
    for (std::size_t i = 0; i < times.size() / 10; ++i) round_trip();  // warms up
    for (double& time : times) time = round_trip();
    const double median = share(0.5);
    std::printf("%ld %zu %.1f %.1f\n", slice, index, median, share(0.99));
  });
}
