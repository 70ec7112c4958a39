# SPDX-License-Identifier: Apache-2.0
# The target graphsieve_torch: torch's headers and libraries, with graphsieve_torch_version, which is 0 where no torch is found. Used by
# this build, and installed for graphsieveConfig.cmake. A project that called find_package(Torch) before uses that torch. Otherwise torch is
# where Torch_DIR or CMAKE_PREFIX_PATH says, else where the Python of Python3_EXECUTABLE, $PYTHON or python3 has it. Torch's own CMake
# files are not read here, because those of a torch for GPUs demand the whole CUDA toolkit, also where nothing is built for a GPU.
add_library(graphsieve_torch INTERFACE IMPORTED)
if(TARGET torch)
  target_link_libraries(graphsieve_torch INTERFACE torch)
  set(graphsieve_torch_version ${Torch_VERSION})
  return()
endif()

set(graphsieve_torch_folders)
foreach(graphsieve_item ${Torch_DIR} ${CMAKE_PREFIX_PATH})  # torch/share/cmake/Torch, torch/share/cmake, or the parent of include
  list(APPEND graphsieve_torch_folders ${graphsieve_item}/../../.. ${graphsieve_item}/../.. ${graphsieve_item})
endforeach()
foreach(graphsieve_item "${Python3_EXECUTABLE}" "$ENV{PYTHON}" python3)
  if(graphsieve_item)
    execute_process(COMMAND ${graphsieve_item} -c "import importlib.util as i; print(*i.find_spec('torch').submodule_search_locations)"
                    OUTPUT_VARIABLE graphsieve_item OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    list(APPEND graphsieve_torch_folders ${graphsieve_item})
  endif()
endforeach()
find_path(GRAPHSIEVE_TORCH_INCLUDE torch/headeronly/version.h HINTS ${graphsieve_torch_folders} PATH_SUFFIXES include NO_DEFAULT_PATH)

set(graphsieve_torch_version 0)
if(GRAPHSIEVE_TORCH_INCLUDE)
  file(STRINGS ${GRAPHSIEVE_TORCH_INCLUDE}/torch/headeronly/version.h graphsieve_item REGEX "^ *\"[0-9]")
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" graphsieve_torch_version "${graphsieve_item}")
  target_include_directories(graphsieve_torch INTERFACE ${GRAPHSIEVE_TORCH_INCLUDE}
                             ${GRAPHSIEVE_TORCH_INCLUDE}/torch/csrc/api/include)
  get_filename_component(graphsieve_item ${GRAPHSIEVE_TORCH_INCLUDE}/../lib ABSOLUTE)
  target_link_libraries(graphsieve_torch INTERFACE ${graphsieve_item}/libtorch_cpu.so ${graphsieve_item}/libc10.so)
  if(GRAPHSIEVE_CUDA AND EXISTS ${graphsieve_item}/libtorch_cuda.so)  # nothing names a symbol of it; it registers torch's kernels
    target_link_libraries(graphsieve_torch INTERFACE -Wl,--push-state,--no-as-needed,${graphsieve_item}/libtorch_cuda.so,--pop-state)
  endif()
endif()
unset(graphsieve_item)
unset(graphsieve_torch_folders)
