# The house's target functions.
#
# lips_library(<name> SOURCES ... [DEPS ...] [WALL ...] [TESTS ...] [TEST_LIBS ...] [TEST_TIMEOUT s])
#   One folder, one static library, one test binary. DEPS are the only folders it may include from and
#   WALL the third-party targets nobody above sees (tools/lint/layers.py checks both).
# lips_isa_sources(<library> <isa> <files...>)
#   Files that may use instructions beyond the baseline. Only these get extra CPU flags;
#   tools/lint/isa_objects.sh checks that they leak nothing.
find_package(Threads REQUIRED)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
option(LIPSTREAM_WERROR "Turn compiler warnings into errors" OFF)

find_program(LIPSTREAM_CCACHE ccache)
foreach(language IN ITEMS CXX CUDA)
  if(LIPSTREAM_CCACHE AND NOT CMAKE_${language}_COMPILER_LAUNCHER)
    set(CMAKE_${language}_COMPILER_LAUNCHER ${LIPSTREAM_CCACHE})
  endif()
endforeach()

add_library(lips_options INTERFACE)
target_compile_features(lips_options INTERFACE cxx_std_20)
target_compile_options(lips_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${LIPSTREAM_WERROR}>:-Werror>
  -fvisibility=hidden -fstack-protector-strong
  $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion>  # which GCC's -Wconversion does not mean in C++
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # false alarm of GCC 12 at -O3 about string + string (GCC bug 105651)
# No contraction of a*b+c behind our back: results must not depend on the file a line was compiled in.
target_compile_options(lips_options INTERFACE -ffp-contract=off)
target_include_directories(lips_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_link_options(lips_options INTERFACE -Wl,-z,relro,-z,now)

function(lips_library name)
  cmake_parse_arguments(ARG "" "TEST_TIMEOUT" "SOURCES;DEPS;WALL;TESTS;TEST_LIBS" ${ARGN})
  add_library(lips_${name} STATIC ${ARG_SOURCES})
  add_library(lips::${name} ALIAS lips_${name})
  list(TRANSFORM ARG_DEPS PREPEND lips::)
  target_link_libraries(lips_${name} PUBLIC lips_options Threads::Threads ${ARG_DEPS} PRIVATE ${ARG_WALL})
  if(LIPSTREAM_TESTS AND ARG_TESTS)
    lips_test(${name} SOURCES ${ARG_TESTS} LIBS lips::${name} ${ARG_TEST_LIBS} TIMEOUT ${ARG_TEST_TIMEOUT})
  endif()
endfunction()

# lips_test(<name> SOURCES ... LIBS ... [TIMEOUT s] [LABEL unit|e2e|lint|gpu]): a GoogleTest binary NAME_test, run as NAME.
# The target unit_tests builds those with the label unit.
# Tests find the test material through LIPSTREAM_TEST_DATA and skip, saying so, where it is absent.
function(lips_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;LABEL" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(ARG_LABEL STREQUAL unit)
    set_property(GLOBAL APPEND PROPERTY LIPS_UNIT_TESTS ${name}_test)
  endif()
  add_executable(${name}_test ${ARG_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${ARG_LIBS} lips_options GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "LIPSTREAM_TEST_DATA=${LIPSTREAM_TEST_DATA}")
endfunction()
set(LIPSTREAM_TEST_DATA "${PROJECT_SOURCE_DIR}/../shared/data" CACHE PATH
  "Optional test material; tests that need it skip when it is absent")

set(lips_flags_avx2 -mavx2 -mfma)
set(lips_flags_avx512 ${lips_flags_avx2} -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx512bf16
  $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized;-Wno-maybe-uninitialized>)  # false alarms inside GCC 12's own headers
function(lips_isa_sources library isa)
  target_sources(lips_${library} PRIVATE ${ARGN})
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "${lips_flags_${isa}}")
endfunction()
