// Refuses compilers that would miscompile programs using torc. Included by what every program includes.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#error "GCC before 13 miscompiles coroutines (double frees on co_await f({.x = y}), GCC PR 98401, 99576): use clang++-19"
#elif defined(__clang__) && __clang_major__ < 19
#error "torc needs clang 19 or later: apt-get install clang-19 and compile with clang++-19"
#endif
