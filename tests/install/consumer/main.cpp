// A program outside the source tree: it sees only what `cmake --install` wrote.

#include <cstdio>
#include <torc/torc.hpp>

int main() { std::printf("torc %s\n", torc::kVersion); }
