# SPDX-License-Identifier: Apache-2.0
# make install: the program behind a launcher, the libraries, the public headers, and the CMake package graphsieve.
# Nothing that is installed names the checkout or torch's folder: torch is looked for where the user has it, at run time
# by the launcher, at configure time by graphsieveConfig.cmake.

# Messages and assertions name files from the checkout's root, not by their place on this machine.
target_compile_options(graphsieve_flags INTERFACE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/graphsieve)
set(program_dir ${CMAKE_INSTALL_LIBEXECDIR}/graphsieve)
set(libraries graphsieve_kernels graphsieve_ops graphsieve_data graphsieve)
if(TARGET graphsieve_cuda)
  list(PREPEND libraries graphsieve_cuda)
endif()
if(TARGET graphsieve_tables)
  install(TARGETS graphsieve_tables LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})  # the program loads it; nothing links it
endif()
foreach(library ${libraries})
  string(REPLACE "graphsieve_" "" name ${library})
  set_target_properties(${library} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${library} INTERFACE cxx_std_20)
endforeach()
# Highway is linked by the library that uses it; its path on this machine is nothing to hand on.
set_target_properties(graphsieve_kernels PROPERTIES INTERFACE_LINK_LIBRARIES
                      "Threads::Threads;$<BUILD_INTERFACE:${HWY_LIBRARY}>")

file(RELATIVE_PATH libraries_from_program /${program_dir} /${CMAKE_INSTALL_LIBDIR})
set_target_properties(graphsieve-cli PROPERTIES INSTALL_RPATH "$ORIGIN/${libraries_from_program}")
install(TARGETS graphsieve-cli RUNTIME DESTINATION ${program_dir})
install(PROGRAMS scripts/launcher.sh DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME graphsieve)

install(TARGETS ${libraries} EXPORT graphsieveTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY src/graphsieve DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h"
        PATTERN "*-inl.h" EXCLUDE PATTERN "targets.h" EXCLUDE PATTERN "*_checks.h" EXCLUDE)
install(EXPORT graphsieveTargets NAMESPACE graphsieve:: DESTINATION ${package_dir})

include(CMakePackageConfigHelpers)
string(REGEX MATCH "^[0-9]+\\.[0-9]+" torch_series "${Torch_VERSION}")  # its C++ interface changes from one to the next
configure_package_config_file(cmake/graphsieveConfig.cmake.in ${PROJECT_BINARY_DIR}/graphsieveConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/graphsieveConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/graphsieveConfig.cmake ${PROJECT_BINARY_DIR}/graphsieveConfigVersion.cmake
        DESTINATION ${package_dir})
