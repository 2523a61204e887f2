// torc: the command. Reads the arguments and runs the sub-command they name.
#include "base/escape.hpp"
#include "cli/command.hpp"
#include "cli/fetch.hpp"
#include "cli/web.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/base/version.hpp>
#include <torc/reactor/run.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::cli {

namespace {

constexpr int kRefused = 2;

constexpr const char* kFooter = R"(
Examples:
  torc web --path public              serve a directory on http://localhost:8080/
  torc web --help                     everything it can do
  torc fetch http://localhost:8080/   write a page to standard output

`torc COMMAND --help` explains a command. Exit status: 0 when it did what was asked, 1 when it could not,
2 when it was not asked properly.)";

int refuse(std::string_view who, std::string_view why) {
  std::fprintf(stderr, "%s: %s\n", std::string(who).c_str(), detail::escaped(why).c_str());
  return kRefused;
}

struct Known {
  std::unique_ptr<Command> command;
  CLI::App* app;
};

std::vector<Known> declare_all(CLI::App& app) {
  std::vector<Known> known;
  const auto add = [&](std::unique_ptr<Command> command) {
    CLI::App& declared = command->declare(app);
    known.push_back({std::move(command), &declared});
  };
  add(make_web());
  add(make_fetch());
  return known;
}

// One line, where CLI11 would have its own.
std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const auto parsed = app.get_subcommands();
  const CLI::App& named = parsed.empty() ? app : *parsed.front();
  const std::string help = "\"" + std::string(parsed.empty() ? "torc" : "torc " + named.get_name()) + " --help\"";
  if (const auto unknown = named.remaining(); !unknown.empty()) {
    const bool command = parsed.empty() && !unknown.front().starts_with('-');
    return std::string("unknown ") + (command ? "command " : "argument ") + detail::in_quotes(unknown.front()) + ": " +
           help + " lists those there are";
  }
  if (parsed.empty()) return "a command is missing: " + help + " lists those there are";
  return std::string(error.what()) + ": see " + help;
}

Deferred<int> perform(Command& command, std::string name) {
  auto status = co_await as_outcome(command.run());
  if (status) co_return *status;
  const Failure& failure = status.error();
  if (!failure.check<Error>()) co_return failure;
  co_return refuse(name, failure.message());
}

int main(int argc, char** argv) {
  CLI::App app{"torc: servers and clients of the Internet's protocols, without writing code.", "torc"};
  app.set_version_flag("--version", std::string("torc ") + kVersion, "Print the version and exit");
  app.require_subcommand(1);
  app.footer(kFooter);
  const auto commands = declare_all(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return 0;
  } catch (const CLI::CallForVersion& version) {
    std::printf("%s\n", version.what());
    return 0;
  } catch (const CLI::ParseError& error) {
    const auto parsed = app.get_subcommands();
    return refuse(parsed.empty() ? "torc" : "torc " + parsed.front()->get_name(), explain(app, error));
  }
  for (const auto& [command, declared] : commands) {
    if (declared->parsed()) {
      return torc::run([&command, declared] { return perform(*command, "torc " + declared->get_name()); });
    }
  }
  return refuse("torc", "a command is missing");
}

}  // namespace

}  // namespace torc::cli

int main(int argc, char** argv) { return torc::cli::main(argc, argv); }
