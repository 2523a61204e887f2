#pragma once

// The whole core in one include.

#include <torc/base/version.hpp>
