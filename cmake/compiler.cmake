# Compiler gate, language level, warnings and output folders.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR "torc refuses GCC ${CMAKE_CXX_COMPILER_VERSION} because GCC before 13 miscompiles coroutines "
    "(double frees on `co_await f({.x = y})`, GCC PR 98401 and 99576): install clang-19 with "
    "`apt-get install clang-19`, then configure with `cmake --preset release`.")
elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "torc needs clang 19 or newer and found ${CMAKE_CXX_COMPILER_VERSION}: install it with "
    "`apt-get install clang-19`, then configure with `cmake --preset release`.")
endif()

if(NOT PROJECT_IS_TOP_LEVEL)
  return()  # inside another project its own choices hold
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# clang would otherwise scan every source for `import`, which torc does not use.
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

option(TORC_WERROR "Treat warnings as errors" OFF)
set(TORC_SANITIZE "" CACHE STRING "Value of -fsanitize= for everything, e.g. address,undefined or thread")

# Not -Wconversion and not -Wshadow: byte arithmetic and constructor parameters drown the useful lines.
add_compile_options(
  -Wall -Wextra -Wpedantic -Woverloaded-virtual -Wextra-semi -Wimplicit-fallthrough
  -Wcast-qual -Wunused -Wvla -Wformat=2
  -Wno-missing-field-initializers)  # {.timeout = 5s} names what differs from the default, on purpose
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_options(-Wshadow-uncaptured-local -Wshorten-64-to-32 -Wsuggest-override -Wloop-analysis
    -Wthread-safety -Wno-gnu-zero-variadic-macro-arguments)
endif()
if(TORC_WERROR)
  add_compile_options(-Werror)
endif()

# Return addresses found by frame pointers make a traceback at every throw affordable.
add_compile_options(-fno-omit-frame-pointer)

if(TORC_SANITIZE)
  # The vptr check probes memory through a pipe: it fails falsely in tests that exhaust descriptors.
  add_compile_options(-fsanitize=${TORC_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TORC_SANITIZE})
endif()

include(CheckLinkerFlag)
check_linker_flag(CXX -fuse-ld=lld TORC_HAVE_LLD)
if(TORC_HAVE_LLD)
  add_link_options(-fuse-ld=lld)
endif()

find_program(TORC_CCACHE ccache)
if(TORC_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TORC_CCACHE})
endif()
