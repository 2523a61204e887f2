#include "cli/web.hpp"

#include "base/escape.hpp"
#include "cli/log_file.hpp"
#include "cli/seconds.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/gather.hpp>
#include <torc/async/timing.hpp>
#include <torc/http/directory.hpp>
#include <torc/http/server.hpp>
#include <torc/reactor/reactor.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace torc::cli {

namespace {

constexpr const char* kFooter = R"(
Examples:
  torc web --path public
      serves public/ on port 8080 of every address of this machine
  torc web --path public --listen tcp:8000:address=127.0.0.1
      on port 8000, for this machine only
  torc web --path public --listen tcp:8080:address=127.0.0.1 --listen 'tcp:8080:address=[::1]'
      on two addresses
  torc web --path public --access-log access.log --cache-control 'public, max-age=3600'
  torc web --path public >access.log
      the same log; what else there is to say goes to standard error

Only files below DIR are served: no request path and no symbolic link leads out of it.
SIGINT (Ctrl-C) or SIGTERM ends the server when the responses under way are complete; a second one ends it at once.
Exit status: 0 after that, 2 when it could not start.)";

/// Where a browser on this machine finds the server.
std::string url_of(const SocketAddress& address) {
  const std::string port = std::to_string(address.port());
  if (address.ip().is_any()) return "http://localhost:" + port + "/";
  return "http://" + address.str() + "/";
}

class Web final : public Command {
 public:
  CLI::App& declare(CLI::App& app) override;
  Deferred<int> run() override;

 private:
  void open_log(std::optional<LogFile>& log) const;
  http::Router site() const;
  http::ServerOptions options(LogFile* log) const;
  void announce(const std::vector<http::Server>& servers) const;
  void say_what_is_waited_for(const std::vector<http::Server>& servers) const;

  std::vector<std::string> listen_ = {"tcp:8080"};
  std::string path_;
  bool no_listing_ = false;
  std::vector<std::string> index_ = http::DirectoryOptions().index;
  bool hidden_ = false;
  std::string cache_control_;
  bool quiet_ = false;
  std::string access_log_;
  double idle_timeout_ = Seconds(http::ServerOptions().idle_timeout).count();
  double header_timeout_ = Seconds(http::ServerOptions().head_timeout).count();
  double drain_timeout_ = 60;
};

CLI::App& Web::declare(CLI::App& app) {
  CLI::App& web = *app.add_subcommand("web", "Serve the files of a directory over HTTP");
  const auto seconds = [&web](const char* name, double& value, const std::string& what) {
    web.add_option(name, value, what + " (default: " + std::to_string(static_cast<int>(value)) + ")")
        ->check(is_seconds)
        ->type_name("SECONDS");
  };
  web.add_option("--path", path_, "The directory to serve (required)")->type_name("DIR");
  web.add_option("--listen", listen_,
                 "Where to listen, may be repeated: tcp:PORT[:address=IP]; port 0 picks a free one (default: " +
                     listen_.front() + ")")
      ->type_name("ENDPOINT")
      ->allow_extra_args(false);
  web.add_option("--index", index_,
                 "Files that stand for their directory, the first that exists (default: " + index_.front() + ")")
      ->type_name("NAME");
  web.add_flag("--no-listing", no_listing_,
               "Answer 404 for a directory without index file (default: a page that lists it)");
  web.add_flag("--hidden", hidden_, "Also serve names that begin with a dot (default: only .well-known)");
  web.add_option("--cache-control", cache_control_, "Cache-Control of every file (default: none is sent)")
      ->type_name("VALUE");
  web.add_option("--access-log", access_log_,
                 "Where to append a line a request in the combined log format; - is standard output (default: -)")
      ->type_name("FILE");
  web.add_flag("--quiet", quiet_,
               "No access log on standard output and no hints: only the line that says where it listens");
  seconds("--header-timeout", header_timeout_, "How long a request line with its headers may take to arrive");
  seconds("--idle-timeout", idle_timeout_, "How long a connection may stay open without a request");
  seconds("--drain-timeout", drain_timeout_, "How long responses under way may go on when the server is told to end");
  web.footer(kFooter);
  return web;
}

Deferred<int> Web::run() {
  if (path_.empty()) throw UsageError("nothing to serve: name the directory with --path DIR");
  std::optional<LogFile> log;
  if (!access_log_.empty() || !quiet_) open_log(log);
  std::vector<http::Server> servers;
  servers.reserve(listen_.size());
  for (const auto& where : listen_) {
    servers.push_back(co_await http::listen(where, site(), options(log ? &*log : nullptr)));
  }
  announce(servers);

  const auto told_to_end = co_await as_outcome(until_cancelled());
  std::vector<Deferred<void>> closing;
  closing.reserve(servers.size());
  for (auto& server : servers) closing.push_back(server.close());
  say_what_is_waited_for(servers);
  // Each server keeps to its drain limit; ours is a net below it.
  const auto limit = duration_of(drain_timeout_) + std::chrono::seconds(10);
  co_await shield(limit, gather(std::move(closing)));
  told_to_end.value();
  co_return 0;
}

void Web::open_log(std::optional<LogFile>& log) const {
  try {
    log.emplace(Reactor::required("torc web"), access_log_.empty() ? "-" : access_log_);
  } catch (const SystemError& error) {
    throw UsageError(std::string(error.what()) +
                     ": name a file that can be written with --access-log, or none with --quiet");
  }
}

http::Router Web::site() const {
  http::DirectoryOptions options{
      .index = index_, .listing = !no_listing_, .hidden = hidden_, .cache_control = cache_control_};
  http::Router router;
  try {
    router.mount("/", http::directory(path_, std::move(options)));
  } catch (const SystemError& error) {
    const std::string quoted = detail::in_quotes(path_);
    switch (error.code()) {
      case ENOENT: throw UsageError("there is no directory " + quoted + ": name an existing one with --path DIR");
      case ENOTDIR: throw UsageError(quoted + " is not a directory: name the directory that holds it with --path DIR");
      case EACCES:
        throw UsageError("the directory " + quoted + " may not be entered: grant this user r-x there, or name another");
      default: throw;
    }
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
  return router;
}

http::ServerOptions Web::options(LogFile* log) const {
  http::ServerOptions options{.head_timeout = duration_of(header_timeout_),
                              .idle_timeout = duration_of(idle_timeout_),
                              .drain_limit = duration_of(drain_timeout_)};
  if (log) options.access_log = [log](const http::AccessLogEntry& entry) { log->add(entry); };
  return options;
}

// On standard error: standard output is the access log's alone. In one piece, for whoever waits for it.
void Web::announce(const std::vector<http::Server>& servers) const {
  std::string text;
  for (const auto& server : servers) {
    text.append("serving ").append(detail::escaped(path_)).append(" on ").append(url_of(server.address()));
    text += server.address().ip().is_any() ? " and every other address of this machine\n" : "\n";
  }
  if (!quiet_) {
    text.append("try: curl -i ").append(url_of(servers.front().address()));
    text += "  or open it in a browser; Ctrl-C ends the server\n";
  }
  std::fputs(text.c_str(), stderr);
}

void Web::say_what_is_waited_for(const std::vector<http::Server>& servers) const {
  std::size_t left = 0;
  for (const auto& server : servers) left += server.connections();
  if (left == 0 || quiet_) return;
  std::fprintf(stderr, "waiting for %zu connection%s to finish; a second Ctrl-C ends them now\n", left,
               left == 1 ? "" : "s");
}

}  // namespace

std::unique_ptr<Command> make_web() { return std::make_unique<Web>(); }

}  // namespace torc::cli
