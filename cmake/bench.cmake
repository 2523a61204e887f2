# src/<module>/*_bench.cpp: one Google Benchmark program bin/bench/<module>_bench per module. The end-to-end programs of
# bench/ say for themselves how they are built. What needs a package that is not installed is left out, with a word.

torc_look_for(benchmark::benchmark_main)
if(TARGET benchmark::benchmark_main)
  get_property(modules GLOBAL PROPERTY TORC_MODULES)
  foreach(module IN LISTS modules)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${module}/*_bench.cpp)
    if(sources)
      torc_executable(${module}_bench bench ${module}_bench ${sources})
      target_include_directories(${module}_bench PRIVATE ${PROJECT_SOURCE_DIR}/src)
      target_link_libraries(${module}_bench PRIVATE benchmark::benchmark_main)
    endif()
  endforeach()
  # Beside the modules: what hosting adds, for every loop that is there.
  torc_executable(host_bench bench host_bench ${PROJECT_SOURCE_DIR}/src/host/host_bench.cpp)
  torc_use_host_libraries(host_bench)
  target_link_libraries(host_bench PRIVATE benchmark::benchmark_main)
else()
  message(STATUS "Benchmarks of the modules are left out: `tools/install_packages.sh bench` installs what they need")
endif()

if(EXISTS ${PROJECT_SOURCE_DIR}/bench/CMakeLists.txt)
  add_subdirectory(bench)
endif()
