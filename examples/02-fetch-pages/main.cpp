// Fetches pages, all at once, and says how long each is. The first that fails ends the program, which names it.
//
//   02-fetch-pages URL...
//
// Try: 02-fetch-pages http://localhost:8080/ http://localhost:8080/about.html    beside `make run`
#include <torc/http/client.hpp>
#include <torc/torc.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using namespace std::chrono_literals;

torc::Deferred<void> amain(std::vector<std::string> urls) {
  std::vector<torc::Deferred<torc::http::Response>> pages;
  pages.reserve(urls.size());
  for (auto& url : urls) pages.push_back(torc::http::get(url, {.timeout = 5s}));
  for (auto& page : co_await torc::gather(std::move(pages))) {  // all at once, first error wins, the others cancelled
    std::string text = co_await page.text();
    std::printf("%s: %zu bytes\n", page.url().c_str(), text.size());
  }
}

int main(int argc, char** argv) { return torc::run(amain, argc, argv); }
