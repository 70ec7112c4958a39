# SPDX-License-Identifier: Apache-2.0
"""Checks of arguments before any kernel runs. An invalid argument is an Error that names its value and what was expected."""
from __future__ import annotations

import numbers
import os
from typing import Any

import torch
from torch import Tensor

from graphsieve._engine import Error

__all__ = ["Error", "check_tensor", "check_floating", "check_path", "check_share", "check_whole", "path_exists", "type_name"]

FLOATING = (torch.float32, torch.float64)
# The devices for which this build has kernels, which `_engine` has registered: with the preset cuda also NVIDIA GPUs.
DEVICES = ("cpu", "cuda") if torch._C._dispatch_has_kernel_for_dispatch_key("graphsieve::sparse_attention", "CUDA") else ("cpu",)


def _printable(text: str) -> str:
    """Returns a text that every file and terminal accepts: a byte that is not UTF-8 becomes \\xff, as in the engine's messages."""
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        pass
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()


def _init_error(self: Error, *args: object) -> None:
    ValueError.__init__(self, *(_printable(arg) if isinstance(arg, str) else arg for arg in args))


Error.__init__ = _init_error  # type: ignore[method-assign, assignment]


def path_exists(path: str | os.PathLike[str]) -> bool:
    """True if something exists at the path, or at the end of a link. Throws Error if the system cannot tell."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise Error(f"{os.fspath(path)}: cannot be read: {error.strerror}") from None
    return True


def type_name(tensor: Tensor) -> str:
    """Returns the name of a tensor's type for messages, such as "float32"."""
    return str(tensor.dtype).removeprefix("torch.")


def check_tensor(what: str, tensor: Tensor, *dtypes: torch.dtype, dims: int | None = None, meta: bool = False) -> None:
    """Throws Error unless the tensor is dense, on a device with kernels, of one of the types, and has `dims` dimensions.

    With `meta`, it may also be on the device "meta", which has no memory.
    """
    if not isinstance(tensor, Tensor):
        raise Error(f"{what}: {type(tensor).__name__}, expected a torch.Tensor")
    if tensor.device.type not in DEVICES and not (meta and tensor.device.type == "meta"):
        raise Error(f"{what}: on {tensor.device}, expected {' or '.join(DEVICES)}, where this build has kernels")
    if tensor.layout != torch.strided:
        raise Error(f"{what}: {tensor.layout}, expected a dense tensor")
    if dtypes and tensor.dtype not in dtypes:
        expected = " or ".join(str(t).removeprefix("torch.") for t in dtypes)
        raise Error(f"{what}: {type_name(tensor)}, expected {expected}")
    if dims is not None and tensor.dim() != dims:
        raise Error(f"{what}: shape {list(tensor.shape)}, expected {dims} dimension{'s' if dims != 1 else ''}")


def check_floating(what: str, tensor: Tensor, dims: int | None = None, half: bool = False) -> None:
    """Throws Error unless the tensor is float32 or float64 (with `half`, also bfloat16 or float16) and has `dims` dimensions."""
    check_tensor(what, tensor, *FLOATING, *((torch.bfloat16, torch.float16) if half else ()), dims=dims, meta=True)


def check_whole(what: str, value: Any, least: int = 0, most: int = 2**63 - 1) -> None:
    """Throws Error unless the value is a whole number from `least` to `most`: Python's or NumPy's, and not a truth value."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or not least <= int(value) <= most:
        too_large = isinstance(value, numbers.Integral) and int(value) > most
        bounds = f"from {least}" if most == 2**63 - 1 and not too_large else f"{least} to {most}"
        raise Error(f"{what} is {value!r}, expected a whole number {bounds}")


def check_share(what: str, value: Any) -> None:
    """Throws Error unless the value is a number of at least 0 and below 1."""
    if not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise Error(f"{what} is {value}, expected a number in [0, 1)")


def check_path(what: str, path: Any) -> None:
    """Throws Error unless the value is a text or a path that the system accepts."""
    given = path if isinstance(path, str) else os.fspath(path) if isinstance(path, os.PathLike) else None
    if not isinstance(given, str):
        raise Error(f"{what}: {type(path).__name__}, expected a text or a path")
    if "\0" in given:
        raise Error(f"{what} is {given!r}, expected a text without a null character")
