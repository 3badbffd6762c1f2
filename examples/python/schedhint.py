"""Publishes the hints of a CPython process's threads: ABI 1 with ctypes, and nothing to compile.

    import schedhint

    client = schedhint.Client()
    client.attach(schedhint.ROLE_MAIN)     # the calling thread; in each one that is wanted
    client.publish_collections()           # gc.callbacks: pauses, as they begin and end
    client.set_urgency(schedhint.URGENCY_HIGH)
    client.poll()                          # now and then: binds to a map that came or was replaced

abi.md says what each field means, and schedhint_client.h is the same in C, with a broker. This needs
the right to write the map: the pin is root's unless somebody has changed that.
"""

import ctypes
import errno
import gc
import mmap
import os
import platform
import sys
import threading
import time

ABI = 1
DEFAULT_PIN = "/sys/fs/bpf/schedhint"
RUNTIME_CPYTHON = 2
ROLE_MAIN, ROLE_WORKER, ROLE_HELPER = 1, 2, 3
PHASE_STARTING, PHASE_SERVING, PHASE_DRAINING = 1, 2, 3
GC_MINOR, GC_MAJOR, GC_PAUSED = 0x01, 0x02, 0xFF
GC_RUNTIME_SHIFT = 16
BATCH = 1
URGENCY_LOW, URGENCY_NORMAL, URGENCY_HIGH, URGENCY_CRITICAL = 256, 512, 768, 1024
F_GC_LIVE = 1

_SECOND_NS = 1_000_000_000
_BLOCKS = 4096
_BLOCK = 256  # of either kind, so that each lies in one page


class Thread(ctypes.Structure):
    """struct schedhint_thread, of which the first half is ours."""

    _fields_ = [
        ("abi", ctypes.c_uint32),
        ("seq", ctypes.c_uint32),
        ("gc", ctypes.c_uint32),
        ("gc_count", ctypes.c_uint32),
        ("gc_since_ns", ctypes.c_uint64),
        ("urgency_and_hints", ctypes.c_uint32 * 2),
        ("slice_us", ctypes.c_uint32),
        ("runtime_us", ctypes.c_uint32),
        ("deadline_ns", ctypes.c_uint64),
        ("gc_expect_us", ctypes.c_uint32),
        ("hot0", ctypes.c_uint32),
        ("hot1", ctypes.c_uint64),
        ("user", ctypes.c_uint64),
        ("attach_ns", ctypes.c_uint64),
        ("runtime", ctypes.c_uint16),
        ("role", ctypes.c_uint16),
        ("phase", ctypes.c_uint16),
        ("cold0", ctypes.c_uint16),
        ("flags", ctypes.c_uint32),
        ("cold1", ctypes.c_uint32),
        ("cold2", ctypes.c_uint64 * 4),
        ("reader", ctypes.c_uint64 * 16),
    ]


class Process(ctypes.Structure):
    """struct schedhint_process."""

    _fields_ = [
        ("abi", ctypes.c_uint32),
        ("gc_threads", ctypes.c_uint32),
        ("bound_threads", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("attach_ns", ctypes.c_uint64),
        ("runtime", ctypes.c_uint16),
        ("p0", ctypes.c_uint16),
        ("p1", ctypes.c_uint32),
        ("p2", ctypes.c_uint64 * 4),
        ("reader", ctypes.c_uint64 * 8),
    ]


assert ctypes.sizeof(Thread) == 256 and ctypes.sizeof(Process) == 128

_SYS_BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "s390x": 351, "ppc64le": 361}
_SYS_PIDFD_OPEN = 434
_PIDFD_THREAD = os.O_EXCL
_UPDATE, _DELETE, _OBJ_GET, _INFO_BY_FD = 2, 3, 7, 15
_TASK_STORAGE = 29
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _syscall(*arguments):
    """The result, or -errno."""
    result = _libc.syscall(*(ctypes.c_long(argument) for argument in arguments))
    return result if result >= 0 else -ctypes.get_errno()


def _bpf(command, *words):
    """bpf(2) with an attribute of 64-bit words."""
    attribute = (ctypes.c_uint64 * 16)(*words)
    number = _SYS_BPF[platform.machine()]
    return _syscall(number, command, ctypes.addressof(attribute), ctypes.sizeof(attribute))


def _element(command, descriptor, thread, value=0):
    key = ctypes.c_int(thread)
    return _bpf(command, descriptor, ctypes.addressof(key), value)


def _pidfd(tid):
    descriptor = _syscall(_SYS_PIDFD_OPEN, tid, _PIDFD_THREAD)
    if descriptor < 0:
        raise OSError(-descriptor, "pidfd_open: " + os.strerror(-descriptor))
    return descriptor


def _clock_offset():
    """Of CLOCK_MONOTONIC in this time namespace: blocks have the initial one's time."""
    try:
        with open("/proc/self/timens_offsets", encoding="ascii") as offsets:
            for line in offsets:
                clock, seconds, nanoseconds = line.split()
                if clock == "monotonic":
                    return int(seconds) * _SECOND_NS + int(nanoseconds)
    except OSError:
        pass
    return 0


class MapError(OSError):
    """Why threads are not bound: what was tried, and what the kernel said."""


class _Map:
    """An open map of ABI 1."""

    def __init__(self, pin):
        pathname = ctypes.create_string_buffer(os.fsencode(pin))
        self.descriptor = _bpf(_OBJ_GET, ctypes.addressof(pathname))
        if self.descriptor < 0:
            raise MapError(-self.descriptor, f"opening {pin}: {os.strerror(-self.descriptor)}")
        try:
            # type, id, key_size, value_size
            info = (ctypes.c_uint32 * 64)()
            length = ctypes.sizeof(info)
            error = _bpf(_INFO_BY_FD, self.descriptor | length << 32, ctypes.addressof(info))
            if error < 0:
                raise MapError(-error, f"asking {pin}: {os.strerror(-error)}")
            kind, self.id, key_size, self._value_size = info[:4]
            if kind != _TASK_STORAGE or key_size != 4 or self._value_size < 16:
                raise MapError(errno.EINVAL, f"{pin} is not a map of schedhint's")
            for slot, size in enumerate((256, 128)):
                self._probe(pin, slot, size)
        except MapError:
            self.close()
            raise

    def _probe(self, pin, slot, size):
        """Is the slot a uptr, to a struct that is no larger than ours? An update with key -1 is refused
        for its key (EBADF), after every pointer has been pinned."""
        page = mmap.PAGESIZE
        scratch = mmap.mmap(-1, 2 * page, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        hold = ctypes.c_char.from_buffer(scratch)
        end = ctypes.addressof(hold) + page
        # What cannot be pinned: no mapping at all may lie behind the page.
        _libc.mprotect(ctypes.c_void_p(end), ctypes.c_size_t(page), 0)
        slots = [0, 0]
        slots[slot] = end
        refused = self.put(-1, *slots)
        slots[slot] = end - size
        fits = self.put(-1, *slots)
        del hold
        scratch.close()
        if refused == -errno.EBADF:
            raise MapError(errno.EINVAL, f"{pin}: slot {slot} is no pointer to user memory")
        if fits == -errno.EOPNOTSUPP:
            raise MapError(errno.EINVAL, f"{pin}: slot {slot} needs a larger struct than ABI 1's")
        if refused != -errno.EFAULT or fits != -errno.EBADF:
            raise MapError(errno.EINVAL, f"{pin}: probing slot {slot}: {refused}, {fits}")

    def put(self, thread, thread_block, process_block):
        value = (ctypes.c_uint64 * (-(-self._value_size // 8)))(thread_block, process_block)
        return _element(_UPDATE, self.descriptor, thread, ctypes.addressof(value))

    def delete(self, thread):
        return _element(_DELETE, self.descriptor, thread)

    def close(self):
        os.close(self.descriptor)


class _Attached:
    def __init__(self, block, address, pidfd, is_leader):
        self.block, self.address, self.pidfd, self.is_leader = block, address, pidfd, is_leader
        self.is_bound = False
        self.started = None  # of a collection: its time and kind
        self.expect_ns = {}  # by kind
        self._order = threading.Lock()
        self._order.acquire()

    def fence(self):
        """What was stored before is seen before what is stored after, on every processor: a release of
        a lock, and then an acquisition."""
        self._order.release()
        self._order.acquire()


class Client:
    """A process's hints in one map. Threads attach, set and detach themselves; poll() is for any."""

    def __init__(self, pin=None):
        self.pin = pin or os.environ.get("SCHEDHINT_MAP") or DEFAULT_PIN
        self._lock = threading.RLock()
        self._local = threading.local()
        self._attached = []
        self._map = None
        self._pin_seen = None
        self._polled = 0
        self._leader = None  # None; "alone": {NULL, process}; "thread": it is attached itself
        self._leader_pidfd = _pidfd(os.getpid())
        self._offset = _clock_offset()
        # Shared, so that a fork does not copy what is pinned, and not a child's.
        self._memory = mmap.mmap(-1, _BLOCKS * _BLOCK)
        self._memory.madvise(mmap.MADV_DONTFORK)
        self._used = 1
        self._process = Process.from_buffer(self._memory, 0)
        self._process.attach_ns = self.now()
        self._process.runtime = RUNTIME_CPYTHON
        self._process.abi = ABI  # not seen before the first element is set
        self._is_forked = False
        os.register_at_fork(after_in_child=self._forked)

    def now(self):
        """The time that blocks have, in nanoseconds."""
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC) - self._offset

    def _forked(self):
        """The child has no blocks, and must not touch them: it makes a new client."""
        self._is_forked = True
        self._lock = threading.RLock()
        if self._on_collection in gc.callbacks:
            gc.callbacks.remove(self._on_collection)
        self._local = threading.local()
        self._attached = []
        self._map = None

    # Threads

    def attach(self, role=ROLE_WORKER):
        """Attaches the calling thread. It need not be bound yet: poll() does that when the map comes."""
        if getattr(self._local, "mine", None):
            return
        if self._is_forked:
            raise RuntimeError("a forked child needs a new Client")
        with self._lock:
            # A block is never used again, so that no program writes to another thread's.
            if self._used == _BLOCKS:
                raise MemoryError("too many threads have attached")
            place = self._used * _BLOCK
            self._used += 1
            block = Thread.from_buffer(self._memory, place)
            tid = threading.get_native_id()
            mine = _Attached(block, ctypes.addressof(block), _pidfd(tid), tid == os.getpid())
            block.attach_ns = self.now()
            block.runtime = RUNTIME_CPYTHON
            block.role = role
            block.flags = F_GC_LIVE if self._on_collection in gc.callbacks else 0
            mine.fence()
            block.abi = ABI
            self._attached.append(mine)
            self._local.mine = mine
            self._polled = 0
            self.poll()

    def detach(self):
        """Detaches the calling thread, which has to do so before it ends."""
        mine = getattr(self._local, "mine", None)
        if not mine:
            return
        with self._lock:
            mine.block.abi = 0
            self._attached.remove(mine)
            if mine.is_bound:
                self._unbind(mine)
            os.close(mine.pidfd)
            self._local.mine = None

    @property
    def is_bound(self):
        """Is the calling thread's element in the map?"""
        mine = getattr(self._local, "mine", None)
        return bool(mine and mine.is_bound)

    # Hints, of the calling thread

    def set_urgency(self, urgency, hints=0):
        """0: no opinion; 1..1024. One store of both, as ctypes stores a number of 64 bits."""
        block = self._local.mine.block
        both = ctypes.c_uint64.from_buffer(block, Thread.urgency_and_hints.offset)
        both.value = int.from_bytes(
            urgency.to_bytes(4, sys.byteorder) + hints.to_bytes(4, sys.byteorder), sys.byteorder
        )

    def set(self, *, urgency=0, hints=0, slice_us=0, runtime_us=0, deadline_ns=0, user=0):
        """All of them, so that no reader mixes them with others."""
        mine = self._local.mine
        block = mine.block
        block.seq += 1
        mine.fence()
        self.set_urgency(urgency, hints)
        block.slice_us = slice_us
        block.runtime_us = runtime_us
        block.deadline_ns = deadline_ns
        block.user = user
        mine.fence()
        block.seq += 1

    def set_phase(self, phase):
        self._local.mine.block.phase = phase

    # Collections

    def publish_collections(self):
        """From now on each collection shows as a pause of the thread that runs it, if it is attached."""
        if self._on_collection in gc.callbacks:
            return
        gc.callbacks.append(self._on_collection)
        with self._lock:
            for one in self._attached:
                one.block.flags |= F_GC_LIVE

    def _on_collection(self, phase, info):
        # CPython runs one at a time, and none inside of this.
        mine = getattr(self._local, "mine", None)
        if not mine:
            return
        block, generation = mine.block, info["generation"]
        if phase == "start":
            kind = GC_MAJOR if generation == 2 else GC_MINOR
            since = self.now()
            mine.started = since, kind
            block.gc_since_ns = since
            block.gc_expect_us = -(-mine.expect_ns.get(kind, 0) // 1000)
            self._process.gc_threads = 1
            mine.fence()
            block.gc = kind | (1 << generation) << GC_RUNTIME_SHIFT
        elif mine.started:
            since, kind = mine.started
            took = self.now() - since
            expect = mine.expect_ns.get(kind, took)
            mine.expect_ns[kind] = expect - expect // 8 + took // 8
            mine.started = None
            block.gc_count += 1
            block.gc = 0
            self._process.gc_threads = 0

    # The map

    def poll(self):
        """Binds who is not bound, to a map that came or was replaced. Raises nothing: False if somebody is
        not bound, and `error` says why. Looks once in a second at most."""
        with self._lock:
            now = self.now()
            if now - self._polled >= _SECOND_NS:
                self._polled = now
                self.error = None
                try:
                    self._look()
                except MapError as error:
                    self.error = error
            return self.error is None

    error = None

    def _stamp(self):
        try:
            pin = os.stat(self.pin)
        except OSError:
            return None
        return pin.st_dev, pin.st_ino, pin.st_ctime_ns

    def _look(self):
        seen = self._stamp()
        if self._map and seen != self._pin_seen:
            self._replace()
        if not self._map:
            self._pin_seen = seen
            self._map = _Map(self.pin)
        for one in self._attached:
            if not one.is_bound:
                self._bind(one)

    def _replace(self):
        """Lets go of the map if another is there, or none."""
        try:
            other = _Map(self.pin)
        except MapError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EINVAL):
                return  # it cannot be opened now: what is open goes on working
            other = None
        if other and other.id == self._map.id:
            other.close()
            self._pin_seen = self._stamp()
            return
        for one in self._attached:
            if one.is_bound:
                self._unbind(one)
        self._map.close()
        self._map = None
        if other:
            other.close()

    def _put(self, pidfd, block):
        error = self._map.put(pidfd, block, ctypes.addressof(self._process))
        if error not in (0, -errno.ESRCH):
            raise MapError(-error, "setting an element: " + os.strerror(-error))
        return error == 0

    def _bind(self, one):
        # What the last reader wrote is not this one's.
        ctypes.memset(one.address + Thread.reader.offset, 0, 128)
        if not self._process.bound_threads:
            ctypes.memset(ctypes.addressof(self._process) + Process.reader.offset, 0, 64)
        one.is_bound = self._put(one.pidfd, one.address)
        if not one.is_bound:
            return  # it has ended
        self._process.bound_threads += 1
        if one.is_leader:
            self._leader = "thread"
        self._lead()

    def _unbind(self, one):
        self._map.delete(one.pidfd)
        one.is_bound = False
        self._process.bound_threads -= 1
        if one.is_leader:
            self._leader = None
        self._lead()

    def _lead(self):
        """The leader has an element as long as any thread is bound."""
        bound = self._process.bound_threads
        if bound and not self._leader:
            self._put(self._leader_pidfd, 0)
            self._leader = "alone"
        elif not bound and self._leader == "alone":
            self._map.delete(self._leader_pidfd)
            self._leader = None



