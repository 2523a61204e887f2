# Defines GLib::GLib: the shared library of GLib's core (libglib2.0-dev), without GObject and GIO.

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_GLIB QUIET glib-2.0)
endif()
find_path(GLib_INCLUDE_DIR glib.h HINTS ${PC_GLIB_INCLUDE_DIRS} PATH_SUFFIXES glib-2.0)
find_path(GLib_CONFIG_INCLUDE_DIR glibconfig.h HINTS ${PC_GLIB_INCLUDE_DIRS}
  PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE} PATH_SUFFIXES glib-2.0/include)
find_library(GLib_LIBRARY glib-2.0 HINTS ${PC_GLIB_LIBRARY_DIRS})
mark_as_advanced(GLib_INCLUDE_DIR GLib_CONFIG_INCLUDE_DIR GLib_LIBRARY)

set(GLib_VERSION "")
if(GLib_CONFIG_INCLUDE_DIR)
  file(STRINGS ${GLib_CONFIG_INCLUDE_DIR}/glibconfig.h GLib_VERSION REGEX "^#define GLIB_(MAJOR|MINOR|MICRO)_VERSION [0-9]+$")
  list(TRANSFORM GLib_VERSION REPLACE "^.* " "")
  list(JOIN GLib_VERSION "." GLib_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(GLib REQUIRED_VARS GLib_LIBRARY GLib_INCLUDE_DIR GLib_CONFIG_INCLUDE_DIR
  VERSION_VAR GLib_VERSION)

if(GLib_FOUND AND NOT TARGET GLib::GLib)
  add_library(GLib::GLib UNKNOWN IMPORTED)
  set_target_properties(GLib::GLib PROPERTIES IMPORTED_LOCATION ${GLib_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES "${GLib_INCLUDE_DIR};${GLib_CONFIG_INCLUDE_DIR}")
endif()
