# SPDX-License-Identifier: Apache-2.0
# Apache Arrow from the Python environment's pyarrow, whose libraries have no plain names: linked by their full ones.
execute_process(COMMAND ${Python3_EXECUTABLE} -c "import pyarrow; print(pyarrow.__path__[0])"
                OUTPUT_VARIABLE pyarrow_dir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND ${Python3_EXECUTABLE} -c "import pyarrow; print(pyarrow.__version__)"
                OUTPUT_VARIABLE pyarrow_version OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
# The program names this release where it finds no Arrow, since the libraries of another release have other names.
set(pyarrow_release pyarrow)
if(pyarrow_version)
  set(pyarrow_release "pyarrow==${pyarrow_version}")
endif()
set_property(GLOBAL PROPERTY graphsieve_pyarrow ${pyarrow_release})
file(GLOB arrow_library ${pyarrow_dir}/libarrow.so.*)
file(GLOB parquet_library ${pyarrow_dir}/libparquet.so.*)
set(Arrow_FOUND OFF)
if(pyarrow_dir AND arrow_library AND parquet_library)
  set(Arrow_FOUND ON)
  add_library(graphsieve_arrow INTERFACE)
  target_include_directories(graphsieve_arrow SYSTEM INTERFACE ${pyarrow_dir}/include)
  target_link_libraries(graphsieve_arrow INTERFACE ${arrow_library} ${parquet_library})
else()
  message(STATUS "no pyarrow in ${Python3_EXECUTABLE}: built without tables")
endif()
