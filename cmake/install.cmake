# SPDX-License-Identifier: Apache-2.0
# make install: the program behind a launcher, the library, the public headers, and the CMake package graphsieve.
# Nothing that is installed names the checkout or torch's folder: torch is looked for where the user has it, at run time
# by the launcher, at configure time by graphsieveConfig.cmake.

# Messages and assertions name files from the checkout's root, not by their place on this machine.
target_compile_options(graphsieve_flags INTERFACE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/graphsieve)
set(program_dir ${CMAKE_INSTALL_LIBEXECDIR}/graphsieve)
include(${CMAKE_CURRENT_LIST_DIR}/public_headers.cmake)

file(RELATIVE_PATH libraries_from_program /${program_dir} /${CMAKE_INSTALL_LIBDIR})
set_target_properties(graphsieve-cli PROPERTIES INSTALL_RPATH "$ORIGIN/${libraries_from_program}")
install(TARGETS graphsieve-cli RUNTIME DESTINATION ${program_dir})
install(PROGRAMS scripts/launcher.sh DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME graphsieve)

install(TARGETS graphsieve EXPORT graphsieveTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET graphsieve_tables_module)
  install(TARGETS graphsieve_tables_module LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})  # the program loads it
endif()
foreach(header ${public_headers})
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES src/graphsieve/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/graphsieve/${folder})
endforeach()
install(EXPORT graphsieveTargets NAMESPACE graphsieve:: DESTINATION ${package_dir})

include(CMakePackageConfigHelpers)
string(REGEX MATCH "^[0-9]+\\.[0-9]+" torch_series "${graphsieve_torch_version}")  # its C++ interface changes from one to the next
configure_package_config_file(cmake/graphsieveConfig.cmake.in ${PROJECT_BINARY_DIR}/graphsieveConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/graphsieveConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/graphsieveConfig.cmake ${PROJECT_BINARY_DIR}/graphsieveConfigVersion.cmake
              cmake/torch.cmake
        DESTINATION ${package_dir})
