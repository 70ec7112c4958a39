# SPDX-License-Identifier: Apache-2.0
# Flags of our own code. No contraction: what is fused is written as fused, so a value is the same in every vector width.
add_library(graphsieve_flags INTERFACE)
target_compile_options(graphsieve_flags INTERFACE
                       $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Werror;-ffp-contract=off;-fno-math-errno>)
if(GRAPHSIEVE_SANITIZE)
  target_compile_options(graphsieve_flags INTERFACE -fsanitize=${GRAPHSIEVE_SANITIZE} -fno-omit-frame-pointer
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-error=tsan>)  # of a fence in the standard library
  target_compile_definitions(graphsieve_flags INTERFACE GRAPHSIEVE_SANITIZED)
  target_link_options(graphsieve_flags INTERFACE -fsanitize=${GRAPHSIEVE_SANITIZE})
endif()

if(GRAPHSIEVE_FUZZ)  # a finding ends the program, and every line that runs is counted
  target_compile_options(graphsieve_flags INTERFACE -fno-sanitize-recover=all -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(graphsieve_flags INTERFACE -fprofile-instr-generate)
endif()

# graphsieve_library(NAME SOURCES… LINK PUBLIC… PRIVATE…): a shared library of one layer.
function(graphsieve_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} SHARED ${arg_SOURCES})
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include>)
  target_link_libraries(${name} PUBLIC ${arg_PUBLIC} PRIVATE $<BUILD_INTERFACE:graphsieve_flags> ${arg_PRIVATE})
  set_target_properties(${name} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                        BUILD_RPATH_USE_ORIGIN ON INSTALL_RPATH "$ORIGIN")
endfunction()
