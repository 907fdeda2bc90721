# Every third-party package, found once; docs/dependencies.md says why each is here. A folder names the ones
# it is the wall for in its own CMakeLists.txt.
find_package(PkgConfig REQUIRED)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)
pkg_check_modules(SWRESAMPLE REQUIRED IMPORTED_TARGET libswresample libavutil)
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)
find_package(Freetype REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)
find_package(spdlog REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(CLI11 REQUIRED)
find_package(Protobuf REQUIRED)
find_path(KISSFFT_INCLUDE_DIR kissfft/kissfft.hh REQUIRED)
add_library(kissfft::kissfft INTERFACE IMPORTED)  # the C++ template is header only, which gives us double precision
set_target_properties(kissfft::kissfft PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${KISSFFT_INCLUDE_DIR})

if(LIPSTREAM_TESTS)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
  # OpenCV is an oracle for tests, never part of a product; Debian's core and imgproc packages have no CMake file.
  find_path(OPENCV_INCLUDE_DIR opencv2/imgproc.hpp PATH_SUFFIXES opencv4 REQUIRED)
  find_library(OPENCV_CORE_LIBRARY opencv_core REQUIRED)
  find_library(OPENCV_IMGPROC_LIBRARY opencv_imgproc REQUIRED)
  add_library(opencv::imgproc INTERFACE IMPORTED)
  set_target_properties(opencv::imgproc PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${OPENCV_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES "${OPENCV_IMGPROC_LIBRARY};${OPENCV_CORE_LIBRARY}")
  find_path(SIMDE_INCLUDE_DIR simde/x86/avx512.h REQUIRED)  # lets the tests run AVX-512 kernels on any CPU
endif()
if(LIPSTREAM_BENCH)
  find_package(benchmark REQUIRED)
endif()
