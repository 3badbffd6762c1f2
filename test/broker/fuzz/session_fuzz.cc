// The whole broker under libFuzzer, over real sockets, memfds and pidfds of this process; the map
// is played. The input is a program of what clients do. At its end they are gone, and so must be
// all that the broker has held for them.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "broker.h"
#include "played_kernel.h"

using namespace schedhint;
using namespace schedhint::broker;

namespace {

constexpr size_t kClients = 4;
constexpr uint32_t kMemoryBytes = 8192;

void Check(bool holds) {
  if (!holds) abort();
}

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), left_(size) {}
  bool is_empty() const { return left_ == 0; }
  uint8_t Byte() {
    if (left_ == 0) return 0;
    left_--;
    return *data_++;
  }

 private:
  const uint8_t* data_;
  size_t left_;
};

void* WaitForever(void* tid) {
  __atomic_store_n(static_cast<int*>(tid), gettid(), __ATOMIC_RELEASE);
  for (;;) pause();
}

void* EndAtOnce(void* pidfd) {
  *static_cast<int*>(pidfd) = static_cast<int>(syscall(SYS_pidfd_open, gettid(), O_EXCL));
  return nullptr;
}

int Memfd(off_t size, bool has_pages) {
  int fd = memfd_create("client", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  Check(ftruncate(fd, size) == 0);
  Check(!has_pages || fallocate(fd, 0, 0, size) == 0);
  return fd;
}

// One broker for all inputs, and what clients may hand over.
struct World {
  World() {
    Options options;
    options.maps = {played::kPath};
    options.limits = {{{1, 4, 3, 3}, {3, 6, 4, 4}, {3, 6, 4, 4}, {3, 6, 4, 4}}};
    options.hold_ns = 0;
    address.sun_family = AF_UNIX;  // without a name: the kernel chooses one
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    Check(bind(listener, Address(), sizeof(sa_family_t)) == 0 && listen(listener, 16) == 0);
    address_size = sizeof(address);
    Check(getsockname(listener, Address(), &address_size) == 0);
    broker = new Broker(options);
    Check(broker->Start(listener));

    pthread_t thread;
    int tid = 0, ended = -1;
    Check(pthread_create(&thread, nullptr, WaitForever, &tid) == 0);
    while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE) == 0) usleep(100);
    pthread_t short_lived;
    Check(pthread_create(&short_lived, nullptr, EndAtOnce, &ended) == 0);
    pthread_join(short_lived, nullptr);
    auto pidfd = [](pid_t task, unsigned flags) {
      return static_cast<int>(syscall(SYS_pidfd_open, task, flags));
    };
    descriptors = {Memfd(kMemoryBytes, true),  pidfd(getpid(), O_EXCL),
                   pidfd(tid, O_EXCL),         ended,
                   pidfd(getppid(), O_EXCL),   pidfd(getpid(), 0),
                   Memfd(kMemoryBytes, false), Memfd(kMemoryBytes - 1, true),
                   eventfd(0, EFD_CLOEXEC)};
    open_descriptors = CountDescriptors();
  }

  sockaddr* Address() { return reinterpret_cast<sockaddr*>(&address); }

  static size_t CountDescriptors() {
    DIR* directory = opendir("/proc/self/fd");
    size_t count = 0;
    while (readdir(directory) != nullptr) count++;
    closedir(directory);
    return count;
  }

  sockaddr_un address = {};
  socklen_t address_size = 0;
  int listener;
  Broker* broker;
  std::vector<int> descriptors;
  size_t open_descriptors;
};

World* world;
int clients[kClients];

void Serve() {
  // A connection that is accepted in one round is read from in the next.
  for (int i = 0; i < 3; i++) world->broker->RunOnce(0);
  char answers[4096];
  for (int client : clients) {
    while (client >= 0 && recv(client, answers, sizeof(answers), MSG_DONTWAIT) > 0) {
    }
  }
}

// The first was sealed when it was accepted, and is good for no more.
void RenewMemory() {
  int fresh = Memfd(kMemoryBytes, true);
  Check(dup3(fresh, world->descriptors[0], O_CLOEXEC) >= 0);
  close(fresh);
}

void Connect(int* client) {
  if (*client >= 0) return;
  *client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(connect(*client, world->Address(), world->address_size) == 0);
}

void Send(int client, const void* bytes, size_t size, Input* input) {
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  iovec data = {const_cast<void*>(bytes), size};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  // Most requests have one, so most bytes mean one.
  uint8_t which = input->Byte();
  size_t count = which < 8 ? 0 : which < 12 ? 2 : 1;
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(count * sizeof(int));
    for (size_t i = 0; i < count; i++) {
      int fd = world->descriptors[(which + i) % world->descriptors.size()];
      memcpy(CMSG_DATA(part) + i * sizeof(fd), &fd, sizeof(fd));
    }
  }
  sendmsg(client, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

schedhint_broker_request RequestOf(Input* input) {
  schedhint_broker_request request = {};
  request.magic = SCHEDHINT_BROKER_MAGIC;
  request.version = SCHEDHINT_BROKER_VERSION;
  request.kind = static_cast<__u16>(input->Byte() % 4 + 1);
  if (request.kind == SCHEDHINT_BROKER_OPEN) {
    request.open.value_size = played::kValueSize;
    request.open.slot_count = 2;
    request.open.slots[0] = {played::kSlots[0], 64};
    request.open.slots[1] = {played::kSlots[1], 64};
    strcpy(request.open.path, played::kPath);
  } else if (request.kind == SCHEDHINT_BROKER_MEMORY) {
    request.memory.number = input->Byte() % 5;
  } else if (request.kind == SCHEDHINT_BROKER_BIND) {
    request.bind.pointer_count = 2;
    for (auto* pointer : {&request.bind.pointers[0], &request.bind.pointers[1]}) {
      pointer->memory = input->Byte() % 4;
      pointer->offset = pointer->memory == 0 ? 0 : input->Byte() * 64u;
    }
  }
  return request;
}

void Step(Input* input) {
  RenewMemory();
  uint8_t what = input->Byte();
  int* client = &clients[what / 8 % kClients];
  switch (what % 8) {
    case 0:
      if (*client >= 0) close(*client);
      *client = -1;
      break;
    case 1:
      played::SetMap(input->Byte() % 3);
      world->broker->Look();
      break;
    case 2: {
      Connect(client);
      schedhint_broker_request request = RequestOf(input);
      reinterpret_cast<uint8_t*>(&request)[input->Byte() * 2 + (what & 1)] ^= input->Byte();
      Send(*client, &request, sizeof(request), input);
      break;
    }
    case 3: {
      Connect(client);
      schedhint_broker_request request = RequestOf(input);
      size_t cut = input->Byte() * 2 + 1;
      Send(*client, &request, cut, input);
      Send(*client, reinterpret_cast<uint8_t*>(&request) + cut, sizeof(request) - cut, input);
      break;
    }
    default: {
      Connect(client);
      schedhint_broker_request request = RequestOf(input);
      Send(*client, &request, sizeof(request), input);
    }
  }
  Serve();
}

void CheckNothingIsHeld() {
  const Accounts& accounts = world->broker->accounts();
  // A foreign descriptor is closed by its own thread.
  while (accounts.all.held[kConnections] > 0) world->broker->RunOnce(1);
  world->broker->RunOnce(0);
  Check(played::Elements() == 0);
  for (uint32_t held : accounts.all.held) Check(held == 0);
  Check(accounts.users.empty() && accounts.cgroups.empty());
  Check(World::CountDescriptors() == world->open_descriptors);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (world == nullptr) world = new World;
  for (int& client : clients) client = -1;
  played::SetMap(1);
  world->broker->Look();
  world->open_descriptors = World::CountDescriptors();
  Input input(data, size);
  while (!input.is_empty()) Step(&input);
  for (int& client : clients) {
    if (client >= 0) close(client);
    client = -1;
  }
  played::SetMap(1);
  world->broker->Look();
  Serve();
  CheckNothingIsHeld();
  return 0;
}
