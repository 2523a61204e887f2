// From the name of a function as the linker knows it to what a person reads in a traceback.
#pragma once

#include <string>
#include <string_view>

namespace torc::detail {

/// The readable form of a linker's name; any other text as it is.
std::string demangled_name(const char* name);

/// A readable function's name without its result, template arguments and parameters:
/// "void app::run<int>(std::vector<int> const&)::{lambda()#1}::operator()() const" gives "app::run::{lambda}::operator()".
std::string plain_name(std::string_view readable);

/// Whether a function with that plain name belongs to the C++ runtime, the C library's start code or torc's inside.
bool is_machinery(std::string_view plain) noexcept;

}  // namespace torc::detail
