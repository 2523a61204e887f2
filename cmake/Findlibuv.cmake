# Defines libuv::libuv, the shared library (libuv1-dev).

find_path(libuv_INCLUDE_DIR uv.h)
find_library(libuv_LIBRARY uv)
mark_as_advanced(libuv_INCLUDE_DIR libuv_LIBRARY)

set(libuv_VERSION "")
if(libuv_INCLUDE_DIR)
  file(STRINGS ${libuv_INCLUDE_DIR}/uv/version.h libuv_VERSION REGEX "^#define UV_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+$")
  list(TRANSFORM libuv_VERSION REPLACE "^.* " "")
  list(JOIN libuv_VERSION "." libuv_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(libuv REQUIRED_VARS libuv_LIBRARY libuv_INCLUDE_DIR VERSION_VAR libuv_VERSION)

if(libuv_FOUND AND NOT TARGET libuv::libuv)
  add_library(libuv::libuv UNKNOWN IMPORTED)
  set_target_properties(libuv::libuv PROPERTIES IMPORTED_LOCATION ${libuv_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${libuv_INCLUDE_DIR})
endif()
