#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts graphsieve with torch's shared libraries: in $GRAPHSIEVE_TORCH_LIB, else where $PYTHON (python3) has torch; and,
# to convert tables, with Arrow's, where that Python has pyarrow.
prefix=$(dirname "$(dirname "$(readlink -f "$0")")")
libs=$GRAPHSIEVE_TORCH_LIB arrow=
if [ -z "$libs" ]; then
  find='import importlib.util as u, os; print(os.path.join(u.find_spec("torch").submodule_search_locations[0], "lib"))'
  libs=$("${PYTHON:-python3}" -c "$find" 2>/dev/null)
fi
if [ ! -e "$libs/libtorch_cpu.so" ]; then
  where=${GRAPHSIEVE_TORCH_LIB:-"${PYTHON:-python3}"}
  hint="set PYTHON to a Python that has torch, or GRAPHSIEVE_TORCH_LIB to torch's lib folder"
  echo "error: no torch in $where; $hint" >&2
  exit 1
fi
if [ "$1" = convert ]; then
  find='import importlib.util as u; s = u.find_spec("pyarrow"); print(s.submodule_search_locations[0] if s else "")'
  arrow=$("${PYTHON:-python3}" -c "$find" 2>/dev/null)
fi
LD_LIBRARY_PATH=$libs${arrow:+:$arrow}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
exec "$prefix/libexec/graphsieve/graphsieve" "$@"
