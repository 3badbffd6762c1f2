// A gate before each Node-API call that the addon makes: a thread that has armed it stops there
// until it is resumed. Node.js refuses a worker's Node-API calls from terminate() on, so the calls
// are the only places where the addon can notice that its worker is being terminated.
//
// The addon under test is the one that ships: its table of imported functions is changed in memory.

#include <dlfcn.h>
#include <link.h>
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

namespace {

constexpr int kSlots = 64;
constexpr int kNever = -1;

struct Slot {
  std::mutex mutex;
  std::condition_variable changed;
  const char* call = "";  // where the thread stands
  bool resumed = false;
};

Slot slots[kSlots];
int pipe_fds[2] = {-1, -1};

// Of the thread that has armed the gate.
thread_local int armed_slot = -1;
thread_local int calls_left = kNever;
thread_local int calls_seen = 0;

// The next call of this name, by whichever thread.
std::atomic<const char*> awaited_call{nullptr};
std::atomic<int> awaited_slot{-1};

void StandIn(int number, const char* call) {
  Slot& slot = slots[number];
  std::unique_lock<std::mutex> lock(slot.mutex);
  slot.call = call;
  slot.resumed = false;
  if (write(pipe_fds[1], &number, sizeof(number)) != sizeof(number)) abort();
  slot.changed.wait(lock, [&] { return slot.resumed; });
}

void BeforeCall(const char* call) {
  const char* awaited = awaited_call.load();
  if (awaited != nullptr && strcmp(awaited, call) == 0 &&
      awaited_call.compare_exchange_strong(awaited, nullptr)) {
    StandIn(awaited_slot, call);
  }
  if (armed_slot < 0) return;
  calls_seen++;
  if (calls_left == kNever || calls_left-- > 0) return;
  int number = armed_slot;
  armed_slot = -1;
  StandIn(number, call);
}

struct Gated {
  const char* name;
  void* real;
  void* gate;
};

template <int kIndex, typename Function>
struct Gate;

extern const Gated kGated[];

template <int kIndex, typename... Arguments>
struct Gate<kIndex, napi_status(Arguments...)> {
  static napi_status Call(Arguments... arguments) {
    BeforeCall(kGated[kIndex].name);
    return reinterpret_cast<napi_status (*)(Arguments...)>(kGated[kIndex].real)(arguments...);
  }
};

#define GATED(name)                      \
  {#name, reinterpret_cast<void*>(name), \
   reinterpret_cast<void*>(Gate<__COUNTER__, decltype(name)>::Call)}

const Gated kGated[] = {
    GATED(napi_add_async_cleanup_hook),
    GATED(napi_add_env_cleanup_hook),
    GATED(napi_call_threadsafe_function),
    GATED(napi_close_handle_scope),
    GATED(napi_coerce_to_bool),
    GATED(napi_coerce_to_number),
    GATED(napi_create_arraybuffer),
    GATED(napi_create_async_work),
    GATED(napi_create_bigint_int64),
    GATED(napi_create_bigint_uint64),
    GATED(napi_create_buffer_copy),
    GATED(napi_create_double),
    GATED(napi_create_error),
    GATED(napi_create_external_arraybuffer),
    GATED(napi_create_function),
    GATED(napi_create_int32),
    GATED(napi_create_object),
    GATED(napi_create_reference),
    GATED(napi_create_string_utf8),
    GATED(napi_create_threadsafe_function),
    GATED(napi_create_type_error),
    GATED(napi_create_uint32),
    GATED(napi_define_properties),
    GATED(napi_delete_async_work),
    GATED(napi_delete_reference),
    GATED(napi_fatal_exception),
    GATED(napi_get_and_clear_last_exception),
    GATED(napi_get_array_length),
    GATED(napi_get_boolean),
    GATED(napi_get_cb_info),
    GATED(napi_get_element),
    GATED(napi_get_global),
    GATED(napi_get_instance_data),
    GATED(napi_get_last_error_info),
    GATED(napi_get_named_property),
    GATED(napi_get_null),
    GATED(napi_get_property),
    GATED(napi_get_reference_value),
    GATED(napi_get_typedarray_info),
    GATED(napi_get_undefined),
    GATED(napi_get_uv_event_loop),
    GATED(napi_get_value_bool),
    GATED(napi_get_value_double),
    GATED(napi_get_value_int32),
    GATED(napi_get_value_int64),
    GATED(napi_get_value_string_utf8),
    GATED(napi_get_value_uint32),
    GATED(napi_has_property),
    GATED(napi_is_exception_pending),
    GATED(napi_make_callback),
    GATED(napi_open_handle_scope),
    GATED(napi_queue_async_work),
    GATED(napi_release_threadsafe_function),
    GATED(napi_remove_async_cleanup_hook),
    GATED(napi_set_instance_data),
    GATED(napi_set_named_property),
    GATED(napi_strict_equals),
    GATED(napi_throw),
    GATED(napi_throw_error),
    GATED(napi_throw_type_error),
    GATED(napi_typeof),
    GATED(napi_unref_threadsafe_function),
};

// It does not return, so there is nothing to stop before.
bool EndsTheProcess(const char* name) {
  return strcmp(name, "napi_fatal_error") == 0;
}

const Gated* FindGated(const char* name) {
  for (const Gated& gated : kGated) {
    if (strcmp(gated.name, name) == 0) return &gated;
  }
  return nullptr;
}

// One library's table of imported functions.
class Imports {
 public:
  explicit Imports(const dl_phdr_info& library) : base_(library.dlpi_addr) {
    for (int i = 0; i < library.dlpi_phnum; i++) {
      if (library.dlpi_phdr[i].p_type == PT_DYNAMIC) Read(library.dlpi_phdr[i]);
    }
  }

  // @returns what it calls that has no gate
  std::string PutGates(std::vector<std::string>* gated) {
    std::string unknown = PutGatesIn(plt_, plt_bytes_, gated);
    return unknown.empty() ? PutGatesIn(rela_, rela_bytes_, gated) : unknown;
  }

 private:
  void Read(const ElfW(Phdr) & header) {
    auto* entry = reinterpret_cast<const ElfW(Dyn)*>(base_ + header.p_vaddr);
    for (; entry->d_tag != DT_NULL; entry++) {
      ElfW(Addr) value = entry->d_un.d_ptr;
      if (entry->d_tag == DT_JMPREL) plt_ = reinterpret_cast<const ElfW(Rela)*>(value);
      if (entry->d_tag == DT_PLTRELSZ) plt_bytes_ = entry->d_un.d_val;
      if (entry->d_tag == DT_RELA) rela_ = reinterpret_cast<const ElfW(Rela)*>(value);
      if (entry->d_tag == DT_RELASZ) rela_bytes_ = entry->d_un.d_val;
      if (entry->d_tag == DT_SYMTAB) symbols_ = reinterpret_cast<const ElfW(Sym)*>(value);
      if (entry->d_tag == DT_STRTAB) strings_ = reinterpret_cast<const char*>(value);
    }
  }

  std::string PutGatesIn(const ElfW(Rela) * first, size_t bytes, std::vector<std::string>* gated) {
    for (const ElfW(Rela)* one = first; one < first + bytes / sizeof(*first); one++) {
      const char* name = strings_ + symbols_[ELF64_R_SYM(one->r_info)].st_name;
      bool is_node_api = strncmp(name, "napi_", 5) == 0 || strncmp(name, "node_api_", 9) == 0;
      bool is_imported = symbols_[ELF64_R_SYM(one->r_info)].st_shndx == SHN_UNDEF;
      if (!is_node_api || !is_imported || EndsTheProcess(name)) continue;
      const Gated* function = FindGated(name);
      if (function == nullptr) return name;
      Write(reinterpret_cast<void**>(base_ + one->r_offset), function->gate);
      gated->push_back(name);
    }
    return "";
  }

  static void Write(void** place, void* value) {
    uintptr_t page_bytes = static_cast<uintptr_t>(getpagesize());
    uintptr_t page = reinterpret_cast<uintptr_t>(place) & ~(page_bytes - 1);
    if (mprotect(reinterpret_cast<void*>(page), page_bytes, PROT_READ | PROT_WRITE) != 0) abort();
    *place = value;
  }

  uintptr_t base_;
  const ElfW(Rela) * plt_ = nullptr;
  const ElfW(Rela) * rela_ = nullptr;
  size_t plt_bytes_ = 0, rela_bytes_ = 0;
  const ElfW(Sym) * symbols_ = nullptr;
  const char* strings_ = nullptr;
};

int IntegerAt(napi_env env, napi_callback_info info, size_t index) {
  napi_value arguments[2];
  size_t count = 2;
  int32_t value = 0;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_value_int32(env, arguments[index], &value);
  return value;
}

std::string TextAt(napi_env env, napi_callback_info info, size_t index) {
  napi_value arguments[2];
  size_t count = 2;
  char text[4096] = "";
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_value_string_utf8(env, arguments[index], text, sizeof(text), nullptr);
  return text;
}

// put(file): loads a library without initializing it, and puts the gates in. Once.
// @returns the functions that have one
napi_value Put(napi_env env, napi_callback_info info) {
  static std::string file;
  static std::vector<std::string> gated;
  file = TextAt(env, info, 0);
  if (dlopen(file.c_str(), RTLD_NOW) == nullptr) {
    napi_throw_error(env, nullptr, dlerror());
    return nullptr;
  }
  std::string unknown = "library";
  dl_iterate_phdr(
      [](dl_phdr_info* library, size_t, void* result) {
        if (file != library->dlpi_name) return 0;
        *static_cast<std::string*>(result) = Imports(*library).PutGates(&gated);
        return 1;
      },
      &unknown);
  if (!unknown.empty()) {
    napi_throw_error(env, nullptr, ("there is no gate for " + unknown).c_str());
    return nullptr;
  }
  napi_value names;
  napi_create_array(env, &names);
  for (size_t i = 0; i < gated.size(); i++) {
    napi_value name;
    napi_create_string_utf8(env, gated[i].c_str(), NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, i, name);
  }
  return names;
}

// arm(slot, calls): this thread stops before its next call of the addon but `calls`; -1: it only
// counts.
napi_value Arm(napi_env env, napi_callback_info info) {
  calls_left = IntegerAt(env, info, 1);
  calls_seen = 0;
  armed_slot = IntegerAt(env, info, 0);
  return nullptr;
}

// await(slot, name): whichever thread next calls the function of that name stops before it.
napi_value Await(napi_env env, napi_callback_info info) {
  const Gated* function = FindGated(TextAt(env, info, 1).c_str());
  if (function == nullptr) abort();
  awaited_slot = IntegerAt(env, info, 0);
  awaited_call = function->name;
  return nullptr;
}

// disarm(): how many calls this thread has made since arm().
napi_value Disarm(napi_env env, napi_callback_info) {
  armed_slot = -1;
  napi_value seen;
  napi_create_int32(env, calls_seen, &seen);
  return seen;
}

// callAt(slot): the call before which the thread stands.
napi_value CallAt(napi_env env, napi_callback_info info) {
  Slot& slot = slots[IntegerAt(env, info, 0)];
  std::lock_guard<std::mutex> lock(slot.mutex);
  napi_value name;
  napi_create_string_utf8(env, slot.call, NAPI_AUTO_LENGTH, &name);
  return name;
}

// resume(slot)
napi_value Resume(napi_env env, napi_callback_info info) {
  Slot& slot = slots[IntegerAt(env, info, 0)];
  std::lock_guard<std::mutex> lock(slot.mutex);
  slot.resumed = true;
  slot.changed.notify_all();
  return nullptr;
}

// leak(): loses a block of 4321 bytes, to see that a leak is found.
napi_value Leak(napi_env, napi_callback_info) {
  static void* volatile block;
  block = malloc(4321);
  block = nullptr;
  return nullptr;
}

// `arrivals`: a descriptor from which the slot (i32) of each thread that stops can be read.
napi_value Init(napi_env env, napi_value exports) {
  if (pipe_fds[0] < 0 && pipe(pipe_fds) != 0) abort();
  napi_value arrivals;
  napi_create_int32(env, pipe_fds[0], &arrivals);
  const napi_property_descriptor properties[] = {
      {"arrivals", nullptr, nullptr, nullptr, nullptr, arrivals, napi_default, nullptr},
      {"put", nullptr, Put, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"arm", nullptr, Arm, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"await", nullptr, Await, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"disarm", nullptr, Disarm, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"callAt", nullptr, CallAt, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"leak", nullptr, Leak, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"resume", nullptr, Resume, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, sizeof(properties) / sizeof(*properties), properties);
  return exports;
}

}  // namespace

NAPI_MODULE(gate, Init)
