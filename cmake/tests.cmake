# Finds the tests by where they lie; nothing is listed by hand.
#
#   src/<module>/*_test.cpp             one program <module>_test, each test registered as <module>.Suite.Name
#   tests/<kind>/*_test.cpp             one program <kind>_test, for what belongs to no single module
#                                       (some of these run again with another TORC_BACKEND, see below)
#   tests/<kind>/check_<name>.sh        a script, run as <kind>.<name> with the source and the build folder;
#                                       exit status 77 means skipped
include(GoogleTest)
torc_find(GTest::gmock_main)

function(torc_test_program name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  torc_executable(${name}_test tests ${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name}_test PRIVATE GTest::gmock_main)
  # Listed when ctest runs: a program that crashes at start is then a failing test, not a failing build.
  gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 60 LABELS ${name})
endfunction()

get_property(modules GLOBAL PROPERTY TORC_MODULES)
foreach(module IN LISTS modules)
  torc_test_program(${module} src/${module})
endforeach()
torc_test_program(cli src/cli)
torc_test_program(host src/host)
if(TARGET host_test)
  torc_use_host_libraries(host_test)
endif()
foreach(kind contract conformance stress)
  torc_test_program(${kind} tests/${kind})
endforeach()

# Once more on the backends that are not the default: <module>.<backend>.Suite.Name.
function(torc_test_again_on backend)
  foreach(name IN LISTS ARGN)
    if(TARGET ${name}_test)
      gtest_discover_tests(${name}_test TEST_PREFIX ${name}.${backend}. TEST_LIST ${name}_${backend}_tests
        DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
        PROPERTIES TIMEOUT 60 LABELS ${name} ENVIRONMENT TORC_BACKEND=${backend})
    endif()
  endforeach()
endfunction()
torc_test_again_on(poll reactor)
torc_test_again_on(uring reactor host net stress)

# The scripts judge the sources or an ordinary build; a sanitizer build has nothing to add.
if(TORC_SANITIZE)
  return()
endif()

function(torc_script_test name)
  add_test(NAME ${name} COMMAND ${ARGN})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
endfunction()

file(GLOB scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*/check_*.sh)
foreach(script IN LISTS scripts)
  string(REGEX REPLACE "^.*/([^/]+)/check_(.*)\\.sh$" "\\1.\\2" name ${script})
  torc_script_test(${name} bash ${script} ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
endforeach()
torc_script_test(lint.layers ${PROJECT_SOURCE_DIR}/tools/check_layers)
torc_script_test(lint.headers ${PROJECT_SOURCE_DIR}/tools/check_headers ${PROJECT_BINARY_DIR})
