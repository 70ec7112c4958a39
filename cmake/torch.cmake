# SPDX-License-Identifier: Apache-2.0
# Torch comes from the Python environment (Python3_EXECUTABLE, else python3), or from CMAKE_PREFIX_PATH.
if(NOT Torch_DIR)
  if(NOT Python3_EXECUTABLE)
    find_program(Python3_EXECUTABLE python3)
  endif()
  execute_process(COMMAND ${Python3_EXECUTABLE} -c "import torch; print(torch.utils.cmake_prefix_path)"
                  OUTPUT_VARIABLE torch_prefix OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  list(PREPEND CMAKE_PREFIX_PATH "${torch_prefix}")
endif()
find_package(Torch 2.11 REQUIRED)
