# hyperdbg_library(NAME SOURCES... [PUBLIC libs...] [PRIVATE libs...]): a library that runs on the host.
# hyperdbg_test(NAME SOURCES... LIBRARIES libs...): a GoogleTest program, each of its tests a ctest test.
set(HYPERDBG_WARNINGS -Wall -Wextra -Wshadow -Wvla -Werror)

function(hyperdbg_options target)
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
  target_compile_options(${target} PRIVATE ${HYPERDBG_WARNINGS})
  if(HYPERDBG_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
endfunction()

function(hyperdbg_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  hyperdbg_options(${name})
endfunction()

function(hyperdbg_test name)
  if(NOT HYPERDBG_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} GTest::gtest_main)
  hyperdbg_options(${name})
  # GCC 12's leak checker reads glibc's bookkeeping of thread-local storage wrongly once a library was opened at run
  # time, and crashes now and then: docs/hacking.md.
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT 120 LABELS host ENVIRONMENT ASAN_OPTIONS=intercept_tls_get_addr=0)
endfunction()
