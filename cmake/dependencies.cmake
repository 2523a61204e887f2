# Every third-party library torc uses is declared here, once; tools/packages.txt names the Debian packages.
#
#   torc_dependency(<target> PACKAGE <find_package arguments> [PKGCONFIG <module>] [LINK <flags>])
#
# Nothing is looked up until a target asks for it with torc_find(<target>). PACKAGE also goes into the installed
# torcConfig.cmake, PKGCONFIG (or the bare flags of LINK) into the installed .pc files.
function(torc_dependency target)
  cmake_parse_arguments(arg "" "PKGCONFIG;LINK" "PACKAGE" ${ARGN})
  foreach(key PACKAGE PKGCONFIG LINK)
    set_property(GLOBAL PROPERTY TORC_${key}_OF_${target} "${arg_${key}}")
  endforeach()
endfunction()

# torc_look_for(<target>) defines the target if its package is installed; torc_find(<targets>) insists.
macro(torc_look_for target)
  get_property(_torc_package GLOBAL PROPERTY TORC_PACKAGE_OF_${target})
  if(NOT _torc_package)
    message(FATAL_ERROR "${target} is not declared in cmake/dependencies.cmake")
  endif()
  if(NOT TARGET ${target})
    find_package(${_torc_package} QUIET)
  endif()
endmacro()

function(torc_find)
  foreach(target IN LISTS ARGN)
    torc_look_for(${target})
    if(NOT TARGET ${target})
      list(JOIN _torc_package " " package)
      message(FATAL_ERROR "torc needs ${package}, which was not found: `tools/install_packages.sh build test` installs "
        "what is needed.")
    endif()
  endforeach()
endfunction()

set(THREADS_PREFER_PTHREAD_FLAG ON)
torc_dependency(Threads::Threads PACKAGE Threads LINK -pthread)
torc_dependency(fmt::fmt PACKAGE fmt 9.1 PKGCONFIG fmt)
torc_dependency(libbacktrace::libbacktrace PACKAGE libbacktrace LINK -l:libbacktrace.a)
torc_dependency(Boost::context PACKAGE Boost 1.81 COMPONENTS context LINK -lboost_context)
torc_dependency(OpenSSL::SSL PACKAGE OpenSSL 3.0 PKGCONFIG openssl)
torc_dependency(CLI11::CLI11 PACKAGE CLI11 2.1)
torc_dependency(GTest::gmock_main PACKAGE GTest 1.12)
torc_dependency(benchmark::benchmark_main PACKAGE benchmark 1.7)
# The io_uring poller of src/reactor is left out without it.
torc_dependency(liburing::liburing PACKAGE liburing PKGCONFIG liburing)
# For the optional modules torc::host_*.
torc_dependency(GLib::GLib PACKAGE GLib 2.58 PKGCONFIG glib-2.0)
torc_dependency(libuv::libuv PACKAGE libuv 1.44 PKGCONFIG libuv)
torc_dependency(Boost::headers PACKAGE Boost 1.81)
