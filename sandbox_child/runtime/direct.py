"""Direct calls between host and guest: the one module that uses wasmtime-py's private bindings.

wasmtime-py's ordinary calls convert every value through several objects, which costs more than
most guests take. Here arguments and results travel through one kept array of 16-byte slots
(``wasmtime_val_raw_t``), by ``wasmtime_func_call_unchecked`` and
``wasmtime_linker_define_func_unchecked`` of wasmtime's C API. "Unchecked" means that nobody
compares the array with the function's signature: guest and host functions are made from checked
signatures only. ``tests/sandbox_child/runtime/test_direct.py`` pins the private names.
"""

# How it works, and why
#
# A call into a guest, the way wasmtime-py does it, makes several Python objects per value and
# checks every type, which costs more than most guests take. This module does what a C host does:
# fill an array of raw slots, call, read the array.
#
#     GuestFunction     host → guest: owns the slots, and keeps plain addresses of all that C needs
#     _enter_host       guest → host: one C callback for all host functions, told apart by an index
#     MemoryView        the linear memory as bytes, with every access checked
#
# What makes it safe although C checks nothing:
#
# - Types. A slot's type is whatever the reader takes it for. A ``GuestFunction`` is only made for a
#   signature that was compared with the module's, and a host function is defined with the signature
#   that its slots are read by. Integers are unsigned on both sides.
# - Lifetimes. An address is no reference: Python frees an object whose address C still has. So
#   whatever an address points into is a field of the same object (``_slots``, ``_function``,
#   ``_context``, ``_trap``), and host functions are in a table that lives as long as the process.
# - Exceptions. One must not unwind through wasmtime's frames. ``_enter_host`` catches everything,
#   keeps it in ``_raised`` and returns a trap, which unwinds the guest; ``guest_error`` then raises
#   the kept exception instead of the trap. The list is cleared by whoever raises.
# - Memory. A guest's pointers are numbers until ``holds`` has said yes. The base address is kept
#   because the engine is told never to move a memory; the size is not believed beyond what was last
#   seen, and asked again before an access is refused.
#
# ``_raised`` and ``_callers`` are module-wide: there is one guest per process, and one call at a
# time.
#
# The private names of wasmtime-py that are used here are pinned by a test, and the dependency is
# held to one major version: an upgrade fails in that test and not in a child.

import ctypes
import re
from collections.abc import Callable, Sequence
from ctypes import addressof, byref
from typing import Any, Final

import wasmtime
from wasmtime import _extern
from wasmtime import _ffi as ffi

from sandbox_child.runtime.errors import GuestError, GuestInterrupted, GuestTrapped
from sandbox_child.wasm.facts import FuncType

HostFunction = Callable[..., int | float | None]

_SLOT_BYTES: Final = 16
_CAUSE: Final = "Caused by:"
"""Text that wasmtime writes between a backtrace and the cause, outermost cause first."""
_NUMBER: Final = re.compile(r"^\s*(\d+:)?\s*")
_WORDS: Final = _SLOT_BYTES // 4

_C_TYPES: Final[dict[str, Any]] = {
    "i32": ctypes.c_uint32,
    "i64": ctypes.c_uint64,
    "f32": ctypes.c_float,
    "f64": ctypes.c_double,
}
_WASM_TYPES: Final = {
    "i32": wasmtime.ValType.i32,
    "i64": wasmtime.ValType.i64,
    "f32": wasmtime.ValType.f32,
    "f64": wasmtime.ValType.f64,
}

# The same two C functions as wasmtime-py's, declared to take plain addresses: its own declarations
# check and convert every pointer again, which costs more than entering the guest. Looking a symbol
# up by item gives a function of its own, so these declarations touch no other module's.
_call_unchecked = ffi.dll["wasmtime_func_call_unchecked"]
_call_unchecked.restype = ctypes.c_void_p
_call_unchecked.argtypes = [
    ctypes.c_void_p,  # context
    ctypes.c_void_p,  # function
    ctypes.c_void_p,  # slots
    ctypes.c_size_t,  # their number
    ctypes.c_void_p,  # where a trap's address is stored
]
_memory_size = ffi.dll["wasmtime_memory_data_size"]
_memory_size.restype = ctypes.c_size_t
_memory_size.argtypes = [ctypes.c_void_p, ctypes.c_void_p]

_ErrorPointer = ctypes.POINTER(ffi.wasmtime_error_t)
_TrapPointer = ctypes.POINTER(ffi.wasm_trap_t)

# What a host function raised, kept while the guest unwinds. One guest runs at a time in a child.
_raised: list[BaseException] = []
# The callers of the host functions that run now, the innermost last: the only way to the memory
# while a start section runs. An address is dead once its host function has returned.
_callers: list[int] = []


class GuestFunction:
    """An exported function of integers, called without conversions. Values are unsigned."""

    __slots__ = (
        "_context",
        "_context_at",
        "_function",
        "_function_at",
        "_slots",
        "_slots_at",
        "_slots_used",
        "_trap",
        "_trap_at",
        "_words",
    )

    def __init__(
        self,
        store: wasmtime.Store,
        function: wasmtime.Func,
        parameters: Sequence[str],
        results: Sequence[str],
    ) -> None:
        """``parameters`` and ``results`` must be the function's own signature, all i32 or i64."""
        self._slots_used = max(len(parameters), len(results))
        # Two slots at least, so that a call may fill them without asking how many there are.
        self._slots = (ffi.wasmtime_val_raw_t * max(self._slots_used, 2))()
        self._words = memoryview(self._slots).cast("B").cast("I")
        self._function = function
        self._context = store._context()  # noqa: SLF001
        self._trap = ctypes.c_void_p()
        # Addresses of what the fields above own.
        self._slots_at = addressof(self._slots)
        self._function_at = addressof(function._func)  # noqa: SLF001
        self._context_at = _address(self._context)
        self._trap_at = addressof(self._trap)

    def __call__(self, first: int = 0, second: int = 0, *others: int) -> int:
        """Call the guest; return the low 32 bits of its first result (undefined without one).

        Raises what a host function raised meanwhile, or GuestTrapped.
        """
        words = self._words
        words[0] = first
        words[_WORDS] = second
        if others:
            for at, argument in enumerate(others, start=2):
                words[at * _WORDS] = argument
        error = _call_unchecked(
            self._context_at, self._function_at, self._slots_at, self._slots_used, self._trap_at
        )
        if error is not None or self._trap.value is not None:
            self._fail(error)
        return words[0]

    def result64(self) -> int:
        """Return all 64 bits of the first result of the last call."""
        return self._words[0] | self._words[1] << 32

    def second_result(self) -> int:
        """Return the low 32 bits of the second result of the last call."""
        return self._words[_WORDS]

    def _fail(self, error: int | None) -> None:
        failure: wasmtime.WasmtimeError | wasmtime.Trap
        if error is not None:
            failure = wasmtime.WasmtimeError._from_ptr(  # noqa: SLF001
                ctypes.cast(error, _ErrorPointer)
            )
        else:
            trap = ctypes.cast(self._trap, _TrapPointer)
            self._trap.value = None  # the exception owns it now
            failure = wasmtime.Trap._from_ptr(trap)  # noqa: SLF001
        raise guest_error(failure) from None


def _address(pointer: Any) -> int:
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0


def guest_error(failure: wasmtime.Trap | wasmtime.WasmtimeError) -> BaseException:
    """Translate wasmtime's failure; what a host function raised meanwhile comes before it.

    The guest's backtrace is kept either way.
    """
    raised = _raised[-1] if _raised else None
    _raised.clear()
    if raised is None:
        interrupted = (
            isinstance(failure, wasmtime.Trap) and failure.trap_code is wasmtime.TrapCode.INTERRUPT
        )
        return (GuestInterrupted if interrupted else GuestTrapped)(_cause_first(str(failure)))
    if isinstance(raised, GuestError) and not raised.backtrace:
        raised.backtrace = str(failure).partition(_CAUSE)[0].rstrip()
    return raised


def _cause_first(said: str) -> str:
    """Put what happened before where: a list of failures shows the first line of each."""
    backtrace, _, rest = said.partition(_CAUSE)
    causes = [_NUMBER.sub("", line) for line in rest.splitlines() if line.strip()]
    return f"{', '.join(reversed(causes))}\n{backtrace.rstrip()}" if causes else said


_functions: list[tuple[HostFunction, tuple[Any, ...], Any | None]] = []

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t
)


@_Callback  # type: ignore[untyped-decorator]
def _enter_host(index: int | None, caller: int, slots: int, _count: int) -> int:
    """Run host function ``index`` on the raw slots; return 0, or the address of a trap."""
    _callers.append(caller)
    try:
        function, parameters, result = _functions[index or 0]
        at = slots
        arguments = []
        for c_type in parameters:
            arguments.append(c_type.from_address(at).value)
            at += _SLOT_BYTES
        value = function(*arguments)
        if result is not None:
            result.from_address(slots).value = value
    except BaseException as exc:
        _raised.append(exc)
        trap = ffi.wasmtime_trap_new(b"host call failed", 16)
        return ctypes.cast(trap, ctypes.c_void_p).value or 0
    finally:
        _callers.pop()
    return 0


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)  # type: ignore[untyped-decorator]
def _no_finalizer(_index: int | None) -> None:
    """Do nothing: the table of host functions lives as long as the process."""


_enter_host_at = ctypes.cast(_enter_host, ffi.wasmtime_func_unchecked_callback_t)


def define_host_function(
    linker: wasmtime.Linker,
    module: str,
    name: str,
    type_: FuncType,
    function: HostFunction,
) -> None:
    """Give guests ``function`` as the import ``module.name``; it has one result at most.

    Integers arrive unsigned and may be returned so. What ``function`` raises ends the guest call
    and is raised again by the :class:`GuestFunction` that was called.
    """
    signature = wasmtime.FuncType(
        [_WASM_TYPES[kind]() for kind in type_.params],
        [_WASM_TYPES[kind]() for kind in type_.results],
    )
    result = _C_TYPES[type_.results[0]] if type_.results else None
    _functions.append((function, tuple(_C_TYPES[kind] for kind in type_.params), result))
    module_bytes, name_bytes = module.encode(), name.encode()
    error = ffi.wasmtime_linker_define_func_unchecked(
        linker.ptr(),
        ctypes.create_string_buffer(module_bytes),
        len(module_bytes),
        ctypes.create_string_buffer(name_bytes),
        len(name_bytes),
        signature.ptr(),
        _enter_host_at,
        len(_functions) - 1,
        _no_finalizer,
    )
    if bool(error):
        raise wasmtime.WasmtimeError._from_ptr(error)  # noqa: SLF001


def export_of(store: wasmtime.Store, instance: wasmtime.Instance, name: str) -> object:
    """Return one export by name; wasmtime-py's own way lists all of them first."""
    item = ffi.wasmtime_extern_t()
    encoded = name.encode()
    found = ffi.wasmtime_instance_export_get(
        store._context(),  # noqa: SLF001
        byref(instance._instance),  # noqa: SLF001
        ctypes.create_string_buffer(encoded),
        len(encoded),
        byref(item),
    )
    return _extern.wrap_extern(item) if found else None


def memory_of_caller() -> wasmtime.Memory | None:
    """Return the exported memory of the guest that is calling the host just now.

    None outside of a host function. Needed before instantiation has returned.
    """
    if not _callers:
        return None
    caller = ctypes.cast(_callers[-1], ctypes.POINTER(ffi.wasmtime_caller_t))
    item = ffi.wasmtime_extern_t()
    name = ctypes.create_string_buffer(b"memory")
    if not ffi.wasmtime_caller_export_get(caller, name, 6, byref(item)):
        return None
    memory = _extern.wrap_extern(item)
    return memory if isinstance(memory, wasmtime.Memory) else None


class MemoryView:
    """The guest's linear memory, bounds-checked against every pointer that a guest hands over.

    The address is kept: the engine is told never to move a memory (``settings``). The size only
    grows; it is read again whenever an access does not fit the size known so far. Bytes are copied
    through a memoryview that ends where the known memory ends, which cannot be left by a slice.
    """

    __slots__ = ("_base", "_bytes", "_context_at", "_memory", "_memory_at", "_size")

    def __init__(self, store: wasmtime.Store, memory: wasmtime.Memory) -> None:
        context = store._context()  # noqa: SLF001
        self._context_at = _address(context)
        self._memory = memory  # owns what _memory_at points to
        self._memory_at = addressof(memory._memory)  # noqa: SLF001
        self._base = _address(ffi.wasmtime_memory_data(context, byref(memory._memory)))  # noqa: SLF001
        self._size = 0
        self._bytes = memoryview(b"")

    def size(self) -> int:
        """Return the size now, in bytes."""
        size: int = _memory_size(self._context_at, self._memory_at)
        if size != self._size:
            self._size = size
            self._bytes = memoryview((ctypes.c_char * size).from_address(self._base)).cast("B")
        return size

    def holds(self, pointer: int, length: int) -> bool:
        """Tell whether ``length`` bytes at ``pointer`` lie in the memory; both are unsigned."""
        end = pointer + length  # Python integers do not overflow
        return end <= self._size or end <= self.size()

    def read(self, pointer: int, length: int) -> bytes:
        """Copy bytes out; the caller has asked :meth:`holds`, or this raises IndexError."""
        if not self.holds(pointer, length):
            raise IndexError
        return self._bytes[pointer : pointer + length].tobytes()

    def write(self, pointer: int, data: bytes) -> None:
        """Copy bytes in; the caller has asked :meth:`holds`, or this raises IndexError."""
        end = pointer + len(data)
        if end > self._size and end > self.size():
            raise IndexError
        self._bytes[pointer:end] = data
