#include "memory/page_pool.h"

#include <cstring>

#include "kernel/bpf_syscall.h"
#include "kernel/monotonic_clock.h"

namespace schedhint {
namespace {

constexpr uint64_t kQuarantineNs = 1000000000;
// Blocks are freed together: seeing every CPU quiescent takes milliseconds.
constexpr uint64_t kTogetherNs = kQuarantineNs / 10;
// Where membarrier(2) is refused, time alone must do.
constexpr uint64_t kQuarantineWithoutBarrierNs = 30 * kQuarantineNs;

}  // namespace

PagePool::PagePool(uint32_t page_bytes) : page_bytes_(page_bytes), quarantine_ns_(kQuarantineNs) {}

Block PagePool::Take(uint32_t size) {
  int size_class = SizeClass(size);
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Block>& free = free_[size_class];
  if (free.empty() && !AddPage(size_class)) return {};
  Block block = free.back();
  free.pop_back();
  counts_.free--;
  counts_.used++;
  return block;
}

bool PagePool::AddPage(int size_class) {
  if (chunk_left_ == 0) {
    chunk_ = memory_.Map();
    if (chunk_ == nullptr) return false;
    chunk_left_ = BlockMemory::kChunkBytes;
  }
  uint32_t stride = kSmallestBlock << size_class;
  // Handed out from the front of the page, so the vector is filled from its end.
  for (uint32_t end = page_bytes_; end >= stride; end -= stride) {
    uint32_t start = end - stride;
    free_[size_class].push_back({chunk_ + start, stride});
    counts_.free++;
  }
  chunk_ += page_bytes_;
  chunk_left_ -= page_bytes_;
  counts_.pages++;
  return true;
}

void PagePool::Return(Block block) {
  if (block.address == nullptr) return;
  std::lock_guard<std::mutex> lock(mutex_);
  Unmark(&threads_, block);
  Unmark(&counters_, block);
  quarantine_.push_back({block, MonotonicNow(0)});
  counts_.used--;
  counts_.quarantined++;
}

bool PagePool::WantsReaper() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (quarantine_.empty() || has_reaper_) return false;
  has_reaper_ = true;
  return true;
}

PoolCounts PagePool::Counts() {
  std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

const uint8_t* PagePool::ChunkOf(const Block& block) {
  std::lock_guard<std::mutex> lock(mutex_);
  return memory_.ChunkOf(block.address);
}

int PagePool::MoveIntoMemfd(const uint8_t* chunk) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto within = [chunk](const std::set<const uint8_t*>& marked) {
    std::vector<size_t> offsets;
    auto end = marked.lower_bound(chunk + BlockMemory::kChunkBytes);
    for (auto place = marked.lower_bound(chunk); place != end; ++place) {
      offsets.push_back(static_cast<size_t>(*place - chunk));
    }
    return offsets;
  };
  return memory_.MoveIntoMemfd(chunk, {within(threads_), within(counters_)});
}

void PagePool::MarkThread(const Block& block) {
  std::lock_guard<std::mutex> lock(mutex_);
  threads_.insert(block.address);
}

void PagePool::MarkCounter(const uint8_t* place) {
  std::lock_guard<std::mutex> lock(mutex_);
  counters_.insert(place);
}

void PagePool::Unmark(std::set<const uint8_t*>* marked, const Block& block) {
  marked->erase(marked->lower_bound(block.address),
                marked->lower_bound(block.address + block.size));
}

uint64_t PagePool::Reap() {
  std::vector<Block> batch;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    uint64_t now = MonotonicNow(0);
    while (!quarantine_.empty() && quarantine_.front().since_ns + quarantine_ns_ <= now) {
      batch.push_back(quarantine_.front().block);
      quarantine_.pop_front();
    }
  }
  if (!batch.empty() && WaitForReaders() < 0) {
    // membarrier(2) is refused here, so time alone must do: these wait once more, longer.
    std::lock_guard<std::mutex> lock(mutex_);
    uint64_t now = MonotonicNow(0);
    bool first = quarantine_ns_ != kQuarantineWithoutBarrierNs;
    quarantine_ns_ = kQuarantineWithoutBarrierNs;
    if (first) {
      for (auto block = batch.rbegin(); block != batch.rend(); ++block) {
        quarantine_.push_front({*block, now});
      }
      batch.clear();
    }
  }
  for (const Block& block : batch) std::memset(block.address, 0, block.size);
  std::lock_guard<std::mutex> lock(mutex_);
  for (const Block& block : batch) free_[SizeClass(block.size)].push_back(block);
  counts_.quarantined -= static_cast<uint32_t>(batch.size());
  counts_.free += static_cast<uint32_t>(batch.size());
  if (IsIdle()) memory_.Unshare();
  has_reaper_ = !quarantine_.empty();
  return has_reaper_ ? quarantine_.front().since_ns + quarantine_ns_ + kTogetherNs : 0;
}

}  // namespace schedhint
