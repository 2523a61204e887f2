# torc-contract: the contract's cases, with the system calls of the libraries wrapped so that they can be made to fail.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/contract/suite/*.cpp)
torc_executable(torc-contract "" torc-contract ${sources})
target_include_directories(torc-contract PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests/contract)
foreach(call recv read send write writev sendmsg sendfile recvmmsg sendmmsg accept4 connect socket bind listen
    pipe2 posix_openpt clone waitid eventfd epoll_create1 epoll_ctl epoll_wait poll)
  target_link_options(torc-contract PRIVATE -Wl,--wrap=${call})
endforeach()
set(only "")
if(TORC_SANITIZE)
  set(only --poller epoll)
endif()
# A sanitizer has seen all there is to see on one poller.
add_test(NAME contract.suite COMMAND torc-contract ${only})
set_tests_properties(contract.suite PROPERTIES TIMEOUT 1200 RUN_SERIAL ON)
