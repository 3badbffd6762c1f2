#include "descriptor_closer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

namespace schedhint::broker {
namespace {

void Signal(const Descriptor& event) {
  uint64_t one = 1;
  (void)!write(event.get(), &one, sizeof(one));
}

void Take(const Descriptor& event) {
  uint64_t count;
  (void)!read(event.get(), &count, sizeof(count));
}

}  // namespace

int DescriptorCloser::Start(EventLoop* loop) {
  wake_.Reset(eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE));
  finished_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.is_open() || !finished_.is_open()) return -errno;
  if (int error = loop->Add(finished_.get(), EPOLLIN, this)) return error;
  auto run = [](void* closer) -> void* {
    static_cast<DescriptorCloser*>(closer)->Run();
    return nullptr;
  };
  // Signals are the loop's: the thread is born with all of them blocked.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int error = pthread_create(&thread, nullptr, run, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return -error;
}

void DescriptorCloser::Close(Descriptor fd, std::shared_ptr<void> held) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back({std::move(fd), std::move(held)});
  }
  Signal(wake_);
}

void DescriptorCloser::Run() {
  for (;;) {
    Take(wake_);
    Job job;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job.fd.Reset(-1);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      done_.push_back(std::move(job.held));
    }
    Signal(finished_);
  }
}

void DescriptorCloser::OnReady(uint32_t) {
  Take(finished_);
  std::vector<std::shared_ptr<void>> done;
  std::lock_guard<std::mutex> lock(mutex_);
  done.swap(done_);
}

}  // namespace schedhint::broker
