# torc_module(<name> [OPTIONAL] [FOLDER <folder>] [DEPENDS <modules>] [LIBS <targets>] [PRIVATE_LIBS <targets>]
#   [BONUS_LIBS <targets>])
#
# The library torc::<name> (libtorc_<name>.a) of src/<name>/ and include/torc/<name>/. Public headers are included as
# "torc/<name>/x.hpp", private ones as "<name>/x.hpp". A module that has only headers is an INTERFACE library and
# becomes a static one with its first source.
#
# BONUS_LIBS are used where they are installed, which its sources then see as TORC_HAVE_<PACKAGE>.
# With FOLDER its sources are those of src/<folder>/. An OPTIONAL module is left out, with a word, when one of its
# libraries is not installed.

include(GNUInstallDirs)
set(TORC_GENERATED_INCLUDE_DIR ${PROJECT_BINARY_DIR}/include)
configure_file(cmake/version.hpp.in ${TORC_GENERATED_INCLUDE_DIR}/torc/base/version.hpp @ONLY)

# The sources of one folder that belong to the product, not to its tests.
function(torc_sources result folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cpp$")
  set(${result} ${sources} PARENT_SCOPE)
endfunction()

function(torc_include_directories target scope)
  target_include_directories(${target} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${TORC_GENERATED_INCLUDE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} ${scope} cxx_std_23)
endfunction()

function(torc_module name)
  cmake_parse_arguments(arg "OPTIONAL" "FOLDER" "DEPENDS;LIBS;PRIVATE_LIBS;BONUS_LIBS" ${ARGN})
  if(NOT arg_FOLDER)
    set(arg_FOLDER ${name})
  endif()
  if(arg_OPTIONAL)
    foreach(lib IN LISTS arg_LIBS arg_PRIVATE_LIBS)
      torc_look_for(${lib})
      if(NOT TARGET ${lib})
        get_property(package GLOBAL PROPERTY TORC_PACKAGE_OF_${lib})
        list(JOIN package " " package)
        message(STATUS "torc::${name} is left out: it needs ${package} (`tools/install_packages.sh test`)")
        return()
      endif()
    endforeach()
    set_property(GLOBAL APPEND PROPERTY TORC_OPTIONAL_MODULES ${name})
  endif()
  set(definitions "")
  foreach(lib IN LISTS arg_BONUS_LIBS)
    torc_look_for(${lib})
    string(REGEX REPLACE "::.*$" "" package ${lib})
    string(TOUPPER ${package} upper)
    if(TARGET ${lib})
      list(APPEND arg_PRIVATE_LIBS ${lib})
      list(APPEND definitions TORC_HAVE_${upper})
    else()
      message(STATUS "torc::${name} is built without ${package} (`tools/install_packages.sh test`)")
    endif()
  endforeach()
  torc_sources(sources src/${arg_FOLDER})
  torc_find(${arg_LIBS} ${arg_PRIVATE_LIBS})

  set(target torc_${name})
  list(TRANSFORM arg_DEPENDS PREPEND torc:: OUTPUT_VARIABLE depends)
  if(sources)
    add_library(${target} STATIC ${sources})
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${target} PUBLIC ${depends} ${arg_LIBS} PRIVATE ${arg_PRIVATE_LIBS})
    target_compile_definitions(${target} PRIVATE ${definitions})
    torc_include_directories(${target} PUBLIC)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${depends} ${arg_LIBS})
    torc_include_directories(${target} INTERFACE)
  endif()
  add_library(torc::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})

  # What cmake/install.cmake writes down for users of the installed library.
  set_property(GLOBAL APPEND PROPERTY TORC_MODULES ${name})
  set_property(GLOBAL PROPERTY TORC_DEPENDS_OF_${name} ${arg_DEPENDS})
  set_property(GLOBAL PROPERTY TORC_LIBS_OF_${name} ${arg_LIBS} ${arg_PRIVATE_LIBS})
endfunction()

# torc_umbrella(<name> <modules>): torc::<name> stands for several modules.
function(torc_umbrella name)
  add_library(torc_${name} INTERFACE)
  add_library(torc::${name} ALIAS torc_${name})
  set_target_properties(torc_${name} PROPERTIES EXPORT_NAME ${name})
  list(TRANSFORM ARGN PREPEND torc:: OUTPUT_VARIABLE depends)
  target_link_libraries(torc_${name} INTERFACE ${depends})
  set_property(GLOBAL APPEND PROPERTY TORC_MODULES ${name})
  set_property(GLOBAL PROPERTY TORC_DEPENDS_OF_${name} ${ARGN})
endfunction()

# torc_program(<module> <program> [DEPENDS <modules>] [LIBS <targets>]): bin/<program> of src/<module>/.
function(torc_program module program)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBS" ${ARGN})
  torc_sources(sources src/${module})
  if(NOT sources)
    return()
  endif()
  torc_find(${arg_LIBS})
  list(TRANSFORM arg_DEPENDS PREPEND torc:: OUTPUT_VARIABLE depends)
  add_executable(${program} ${sources})
  set_target_properties(${program} PROPERTIES CXX_EXTENSIONS OFF)
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${program} PRIVATE ${depends} ${arg_LIBS})
  if(PROJECT_IS_TOP_LEVEL)
    install(TARGETS ${program} RUNTIME COMPONENT program)
  endif()
endfunction()

# torc_executable(<target> <folder under bin> <name> <sources>): a program of ours that may use every module and
# private header: a test, a benchmark, an example.
function(torc_executable target folder name)
  get_property(modules GLOBAL PROPERTY TORC_MODULES)
  list(TRANSFORM modules PREPEND torc::)
  add_executable(${target} ${ARGN})
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF OUTPUT_NAME ${name}
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/${folder})
  target_link_libraries(${target} PRIVATE ${modules})
endfunction()

# torc_use_host_libraries(<target>): what the optional modules of other loops stand on, for tests and benchmarks that
# run those loops themselves. TORC_HAVE_GLIB, TORC_HAVE_UV and TORC_HAVE_ASIO say which are there.
function(torc_use_host_libraries target)
  foreach(pair IN ITEMS glib/GLib::GLib uv/libuv::libuv asio/Boost::headers)
    string(REGEX REPLACE "^(.*)/(.*)$" "\\1;\\2" pair ${pair})
    list(GET pair 0 loop)
    list(GET pair 1 lib)
    if(TARGET torc_host_${loop})
      torc_find(${lib})
      string(TOUPPER ${loop} name)
      target_link_libraries(${target} PRIVATE ${lib})
      target_compile_definitions(${target} PRIVATE TORC_HAVE_${name})
    endif()
  endforeach()
endfunction()
