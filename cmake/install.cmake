# What `cmake --install` writes for users of the libraries:
#
#   find_package(torc 0.1 COMPONENTS http)  ->  torc::http     (no COMPONENTS: every module that is not optional)
#   pkg-config --libs torc torc-http                           (torc is the core)
#
# Each module is exported by itself, so that a program that wants the core alone needs the dependencies of no other.
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/torc)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
# The .pc files find the prefix from where they lie, so that the installed tree can be moved.
file(RELATIVE_PATH TORC_PC_TO_PREFIX /prefix/${pkgconfig_dir} /prefix)
get_property(modules GLOBAL PROPERTY TORC_MODULES)
get_property(optional_modules GLOBAL PROPERTY TORC_OPTIONAL_MODULES)

# torc_link_flags(<out flags> <out requires> <libs>): what a .pc file says of third-party libraries.
function(torc_link_flags flags_out requires_out)
  foreach(lib IN LISTS ARGN)
    get_property(module GLOBAL PROPERTY TORC_PKGCONFIG_OF_${lib})
    get_property(link GLOBAL PROPERTY TORC_LINK_OF_${lib})
    list(APPEND requires ${module})
    list(APPEND flags ${link})
  endforeach()
  set(${flags_out} ${flags} PARENT_SCOPE)
  set(${requires_out} ${requires} PARENT_SCOPE)
endfunction()

set(TORC_CONFIG_MODULES "")
foreach(module IN LISTS modules)
  get_property(depends GLOBAL PROPERTY TORC_DEPENDS_OF_${module})
  get_property(libs GLOBAL PROPERTY TORC_LIBS_OF_${module})

  install(TARGETS torc_${module} EXPORT torc_${module})
  install(EXPORT torc_${module} NAMESPACE torc:: FILE torc-${module}.cmake DESTINATION ${config_dir})

  set(packages "")
  foreach(lib IN LISTS libs)
    get_property(package GLOBAL PROPERTY TORC_PACKAGE_OF_${lib})
    list(JOIN package " " package)
    string(APPEND packages " \"${package}\"")
  endforeach()
  string(APPEND TORC_CONFIG_MODULES "set(_torc_depends_${module} ${depends})\nset(_torc_packages_${module}${packages})\n")

  torc_link_flags(TORC_PC_LIBS TORC_PC_REQUIRES ${libs})
  list(TRANSFORM depends PREPEND torc- OUTPUT_VARIABLE torc_requires)
  get_target_property(type torc_${module} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    list(PREPEND TORC_PC_LIBS -L\${libdir} -ltorc_${module})
  endif()
  list(JOIN TORC_PC_LIBS " " TORC_PC_LIBS)
  list(PREPEND TORC_PC_REQUIRES ${torc_requires})
  list(JOIN TORC_PC_REQUIRES ", " TORC_PC_REQUIRES)
  set(TORC_PC_NAME torc-${module})
  if(module STREQUAL "core")
    set(TORC_PC_NAME torc)
  endif()
  configure_file(cmake/torc.pc.in ${PROJECT_BINARY_DIR}/pkgconfig/${TORC_PC_NAME}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/pkgconfig/${TORC_PC_NAME}.pc DESTINATION ${pkgconfig_dir})
endforeach()

configure_package_config_file(cmake/torcConfig.cmake.in ${PROJECT_BINARY_DIR}/torcConfig.cmake
  INSTALL_DESTINATION ${config_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 every minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/torcConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/torcConfig.cmake ${PROJECT_BINARY_DIR}/torcConfigVersion.cmake
  cmake/Findlibbacktrace.cmake cmake/FindGLib.cmake cmake/Findlibuv.cmake cmake/Findliburing.cmake DESTINATION ${config_dir})

install(DIRECTORY include/torc ${TORC_GENERATED_INCLUDE_DIR}/torc DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
