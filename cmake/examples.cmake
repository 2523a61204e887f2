# examples/NN-name/*.cpp is the program bin/examples/NN-name; its check.sh, if it has one, is the test
# example.NN-name and gets the folder of the programs as its argument.

file(GLOB folders CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/[0-9][0-9]-*)
foreach(folder IN LISTS folders)
  get_filename_component(name ${folder} NAME)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  if(sources)
    torc_executable(example-${name} examples ${name} ${sources})
  endif()
  if(TORC_BUILD_TESTS AND EXISTS ${folder}/check.sh)
    add_test(NAME example.${name} COMMAND bash ${folder}/check.sh ${PROJECT_BINARY_DIR}/bin WORKING_DIRECTORY ${folder})
    set_tests_properties(example.${name} PROPERTIES TIMEOUT 60 SKIP_RETURN_CODE 77)
  endif()
endforeach()
