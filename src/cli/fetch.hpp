// torc fetch: gets what URLs name, all at once.
#pragma once

#include "cli/command.hpp"

#include <memory>

namespace torc::cli {

std::unique_ptr<Command> make_fetch();

}  // namespace torc::cli
