#include "kernel/map_btf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

namespace schedhint {
namespace {

// Makes bpf(2) calls, and records the command and the errno of one that fails.
class Calls {
 public:
  explicit Calls(MapBtf* result) : result_(result) {}

  int Do(bpf_cmd command, bpf_attr* attr) {
    long answer = syscall(SYS_bpf, command, attr, sizeof(*attr));
    if (answer >= 0) return static_cast<int>(answer);
    result_->command = command;
    result_->error = -errno;
    return -1;
  }

  int Open(const char* path) {
    bpf_attr attr;
    std::memset(&attr, 0, sizeof(attr));
    attr.pathname = reinterpret_cast<uintptr_t>(path);
    attr.file_flags = BPF_F_RDONLY;
    return Do(BPF_OBJ_GET, &attr);
  }

  int OpenBtf(uint32_t id) {
    bpf_attr attr;
    std::memset(&attr, 0, sizeof(attr));
    attr.btf_id = id;
    return Do(BPF_BTF_GET_FD_BY_ID, &attr);
  }

  bool Info(int fd, void* info, uint32_t size) {
    bpf_attr attr;
    std::memset(&attr, 0, sizeof(attr));
    attr.info.bpf_fd = fd;
    attr.info.info_len = size;
    attr.info.info = reinterpret_cast<uintptr_t>(info);
    return Do(BPF_OBJ_GET_INFO_BY_FD, &attr) >= 0;
  }

 private:
  MapBtf* result_;
};

void ReadBytes(Calls* calls, int btf_fd, MapBtf* result) {
  bpf_btf_info info;
  std::memset(&info, 0, sizeof(info));
  if (!calls->Info(btf_fd, &info, sizeof(info))) return;  // says how many bytes there are
  std::vector<uint8_t> bytes(info.btf_size);
  std::memset(&info, 0, sizeof(info));
  info.btf = reinterpret_cast<uintptr_t>(bytes.data());
  info.btf_size = bytes.size();
  if (calls->Info(btf_fd, &info, sizeof(info))) result->bytes = std::move(bytes);
}

void ReadTypes(Calls* calls, int map_fd, MapBtf* result) {
  bpf_map_info info;
  std::memset(&info, 0, sizeof(info));
  if (!calls->Info(map_fd, &info, sizeof(info))) return;
  result->map_id = info.id;
  result->map_name.assign(info.name, strnlen(info.name, sizeof(info.name)));
  result->value_type = info.btf_value_type_id;
  if (info.btf_id == 0) return;
  int btf_fd = calls->OpenBtf(info.btf_id);
  if (btf_fd < 0) return;
  ReadBytes(calls, btf_fd, result);
  close(btf_fd);
}

}  // namespace

MapBtf ReadMapBtf(const char* path) {
  MapBtf result;
  Calls calls(&result);
  int map_fd = calls.Open(path);
  if (map_fd < 0) return result;
  ReadTypes(&calls, map_fd, &result);
  close(map_fd);
  return result;
}

}  // namespace schedhint
