# libbacktrace comes with GCC, in its private folders: clang has them on its link path, not on its include path.
# Defines libbacktrace::libbacktrace. The header folder goes in by -idirafter, for it also holds GCC's own stddef.h.

set(_gcc_dirs ${CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES})
list(TRANSFORM _gcc_dirs APPEND /include)
find_path(libbacktrace_INCLUDE_DIR backtrace.h PATHS ${_gcc_dirs})
find_library(libbacktrace_LIBRARY libbacktrace.a PATHS ${CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES})
mark_as_advanced(libbacktrace_INCLUDE_DIR libbacktrace_LIBRARY)
unset(_gcc_dirs)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(libbacktrace REQUIRED_VARS libbacktrace_LIBRARY libbacktrace_INCLUDE_DIR)

if(libbacktrace_FOUND AND NOT TARGET libbacktrace::libbacktrace)
  add_library(libbacktrace::libbacktrace INTERFACE IMPORTED)
  target_link_libraries(libbacktrace::libbacktrace INTERFACE ${libbacktrace_LIBRARY})
  target_compile_options(libbacktrace::libbacktrace INTERFACE "SHELL:-idirafter ${libbacktrace_INCLUDE_DIR}")
endif()
