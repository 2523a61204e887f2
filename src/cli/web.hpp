// torc web: a web server for a directory.
#pragma once

#include "cli/command.hpp"

#include <memory>

namespace torc::cli {

std::unique_ptr<Command> make_web();

}  // namespace torc::cli
