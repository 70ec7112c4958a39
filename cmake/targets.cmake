# SPDX-License-Identifier: Apache-2.0
# Flags of our own code. No contraction: what is fused is written as fused, so a value is the same in every vector width.
add_library(graphsieve_flags INTERFACE)
target_compile_options(graphsieve_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-ffp-contract=off;-fno-math-errno>)
# Other compilers than GCC 12, which the tests run with, warn of other things; there a warning must not end a user's build.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(graphsieve_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
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

# graphsieve_part(NAME SOURCES… PUBLIC… PRIVATE…): one part of the engine, which tests and the program link. PUBLIC and
# PRIVATE name the parts and libraries that this part needs. NAME_objects is the static library; NAME links all of it,
# because operators and networks register themselves in objects that nothing refers to.
function(graphsieve_part name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name}_objects STATIC ${arg_SOURCES})
  target_include_directories(${name}_objects PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name}_objects PUBLIC ${arg_PUBLIC} PRIVATE graphsieve_flags ${arg_PRIVATE})
  set_target_properties(${name}_objects PROPERTIES CXX_VISIBILITY_PRESET hidden CUDA_VISIBILITY_PRESET hidden
                        VISIBILITY_INLINES_HIDDEN ON)
  add_library(${name} INTERFACE)
  target_link_libraries(${name} INTERFACE $<LINK_LIBRARY:WHOLE_ARCHIVE,${name}_objects>)
endfunction()
