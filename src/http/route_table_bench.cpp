// What a lookup costs: a usual table of some thirty routes, and ten thousand routes visited in turn.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "torc/http/route_table.hpp"

namespace {

using torc::http::RouteTable;

RouteTable usual_table() {
  RouteTable table;
  std::size_t index = 0;
  for (const char* kind : {"users", "teams", "projects", "issues", "comments"}) {
    const std::string root = std::string("/api/v1/") + kind;
    for (const char* method : {"GET", "POST"}) table.insert(method, root, index++);
    for (const char* method : {"GET", "PUT", "DELETE"}) table.insert(method, root + "/{id}", index++);
    table.insert("GET", root + "/{id}/history", index++);
  }
  table.insert("GET", "/", index++);
  table.insert("GET", "/hello/{name}", index++);
  table.mount("/static", index++);
  return table;
}

void find(benchmark::State& state, const char* method, const char* path) {
  const RouteTable table = usual_table();
  for (auto _ : state) benchmark::DoNotOptimize(table.find(method, path));
}
BENCHMARK_CAPTURE(find, root, "GET", "/");
BENCHMARK_CAPTURE(find, hello, "GET", "/hello/world");
BENCHMARK_CAPTURE(find, item, "DELETE", "/api/v1/comments/12345");
BENCHMARK_CAPTURE(find, nested, "GET", "/api/v1/projects/12345/history");
BENCHMARK_CAPTURE(find, mount, "GET", "/static/css/style.css");
BENCHMARK_CAPTURE(find, escaped, "GET", "/%68ello/w%C3%B6rld");
BENCHMARK_CAPTURE(find, not_found, "GET", "/wp-login.php");
BENCHMARK_CAPTURE(find, not_allowed, "PATCH", "/api/v1/users/1");

void find_among_ten_thousand(benchmark::State& state) {
  RouteTable table;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < 10000; ++i) {
    const std::string root = "/service" + std::to_string(i % 100) + "/resource" + std::to_string(i);
    table.insert("GET", root + "/{id}/details", i);
    paths.push_back(root + "/42/details");
  }
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.find("GET", paths[at]));
    at = (at + 7919) % paths.size();  // no path follows its neighbour in memory
  }
}
BENCHMARK(find_among_ten_thousand);

}  // namespace
