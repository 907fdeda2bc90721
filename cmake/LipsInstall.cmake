# What `cmake --install` gives a prefix: the program, the shared library, its one header, and how other builds find it.
# The folders' static libraries are nobody else's.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS lipstream_shared EXPORT lipstream)
install(FILES ${PROJECT_SOURCE_DIR}/src/capi/lipstream.h TYPE INCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/docs/c_api.md TYPE DOC)

# The drawn person's networks, for `lipstream avatar demo`, and what the page offers to say.
foreach(file audio_encoder.onnx generator.onnx hello.wav)
  install(FILES ${PROJECT_SOURCE_DIR}/assets/demo/${file} DESTINATION ${CMAKE_INSTALL_DATADIR}/lipstream/demo)
endforeach()

# find_package(lipstream): the target lipstream::lipstream.
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/lipstream)
install(EXPORT lipstream NAMESPACE lipstream:: FILE lipstream-config.cmake DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lipstream-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/lipstream-config-version.cmake DESTINATION ${package_folder})

# pkg-config lipstream: it finds its prefix from its own place, so that one chosen at install time, or moved, is right.
file(RELATIVE_PATH to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${PROJECT_SOURCE_DIR}/cmake/lipstream.pc.in ${PROJECT_BINARY_DIR}/lipstream.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/lipstream.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
