// A file that takes the place of another at once, or not at all. For the threads of the file pool.
#pragma once

#include <string>
#include <string_view>

namespace torc::file {

/// Writes `data` beside `path`, brings it to the medium, and gives it that name. A file that is there passes its
/// permissions on, and its owner if we may; a new one gets `mode`, less the umask. Throws FileError; nothing has changed
/// then, but for the last step: that the name may not be on the medium yet.
void replace_file(const std::string& path, std::string_view data, unsigned mode);

}  // namespace torc::file
