#include "channel/tld.h"

#include <errno.h>

#include <algorithm>
#include <cstring>

namespace schedhint {
namespace {

// Of the format, whatever the kernel's is: a program that was built for larger pages is refused for
// the size of its structs. A block of it never crosses a page of the kernel's.
constexpr uint32_t kTldPage = 4096;
constexpr uint32_t kHeaderBytes = 8;  // before a thread's values
constexpr uint32_t kMostBytes = kTldPage - kHeaderBytes;
constexpr size_t kNameBytes = 62;
constexpr size_t kMostKeys = kTldPage / 64 - 1;

constexpr uint32_t kValueSize = 16;
constexpr uint32_t kValueSizeWithStart = 24;

struct Value {
  uint64_t data;
  uint64_t metadata;
  uint16_t start;
  uint8_t reserved[6];
};
static_assert(sizeof(Value) == kValueSizeWithStart, "the size of the map's value");

struct Metadata {
  uint16_t count;  // a byte in the oldest readers: little-endian, it reads the same
  uint16_t data_bytes;
  struct {
    char name[kNameBytes];
    uint16_t size;
  } keys[kMostKeys];
};
static_assert(sizeof(Metadata) == 4 + 64 * kMostKeys, "the size of the page's struct");

Metadata* In(const Block& page) {
  return reinterpret_cast<Metadata*>(page.address);
}

void Store(uint16_t* field, size_t value) {
  __atomic_store_n(field, static_cast<uint16_t>(value), __ATOMIC_RELEASE);
}

uint64_t PageOf(const Block& block) {
  return reinterpret_cast<uint64_t>(block.address) & ~uint64_t{kTldPage - 1};
}

}  // namespace

bool IsTldValueSize(uint32_t value_size) {
  return value_size == kValueSize || value_size == kValueSizeWithStart;
}

bool MayBeTldMetadata(uint32_t struct_size) {
  if (struct_size == sizeof(Metadata)) return true;
  // Aligned to two bytes, with the size of the value behind each name.
  for (uint32_t key_bytes = 10; key_bytes <= kTldPage / 4; key_bytes += 2) {
    if (struct_size == 4 + key_bytes * (kTldPage / key_bytes - 1)) return false;
  }
  return true;
}

void WriteTldStart(const Block& data) {
  uint64_t start = kHeaderBytes;
  if (data.size == kTldPage) std::memcpy(data.address, &start, sizeof(start));
}

bool FillTldValue(const Element& element, std::vector<uint8_t>* value) {
  Block data = element.At(kTldDataSlot);
  if (value->size() == kValueSize && data.size != kTldPage) return false;
  Value filled = {};
  filled.data = PageOf(data);
  filled.metadata = PageOf(element.At(kTldMetadataSlot));
  filled.start =
      static_cast<uint16_t>(reinterpret_cast<uint64_t>(data.address) - filled.data + kHeaderBytes);
  std::memcpy(value->data(), &filled, std::min(value->size(), sizeof(filled)));
  return true;
}

const Block& TldMetadata::Page() {
  if (!has_page()) page_ = pool_->Take(kTldPage);
  return page_;
}

int TldMetadata::Keys(const schedhint_tld_key* keys, size_t count, uint32_t dynamic_bytes,
                      uint32_t* offsets) {
  if (Page().address == nullptr) return -ENOMEM;
  Draft draft = {keys_, end_, static_bytes_, dynamic_bytes_};
  if (!is_laid_out_) draft.dynamic_bytes = std::max(dynamic_bytes_, dynamic_bytes);
  for (size_t i = 0; i < count; i++) {
    if (int error = Plan(keys[i], &draft, &offsets[i])) {
      offsets[0] = static_cast<uint32_t>(i);
      return error;
    }
  }
  Publish(draft);
  return 0;
}

uint32_t TldMetadata::MostBytes() const {
  return is_laid_out_ ? std::min(static_bytes_ + dynamic_bytes_, kMostBytes) : kMostBytes;
}

int TldMetadata::Plan(const schedhint_tld_key& key, Draft* draft, uint32_t* offset) const {
  for (const Known& known : draft->keys) {
    if (known.name != key.name) continue;
    *offset = known.offset;
    return known.size == key.size ? 0 : -EEXIST;
  }
  if (draft->keys.size() == kMostKeys) return -ENOSPC;
  uint32_t bytes = (key.size + 7) / 8 * 8;
  uint32_t most = MostBytes();
  if (bytes > most || draft->end > most - bytes) return -E2BIG;
  if (!is_laid_out_) draft->static_bytes += bytes;
  draft->keys.push_back({key.name, key.size, draft->end});
  *offset = draft->end;
  draft->end += bytes;
  return 0;
}

void TldMetadata::Publish(const Draft& draft) {
  static_bytes_ = draft.static_bytes;
  dynamic_bytes_ = draft.dynamic_bytes;
  end_ = draft.end;
  Metadata* metadata = In(page_);
  Store(&metadata->data_bytes, static_bytes_ + dynamic_bytes_);
  while (keys_.size() < draft.keys.size()) {
    const Known& key = draft.keys[keys_.size()];
    auto& place = metadata->keys[keys_.size()];
    std::memcpy(place.name, key.name.data(), std::min(key.name.size(), kNameBytes));
    Store(&place.size, key.size);
    keys_.push_back(key);
    // A reader takes what is below the count for complete.
    Store(&metadata->count, keys_.size());
  }
}

uint32_t TldMetadata::BlockBytes(uint32_t map_value_size) {
  is_laid_out_ = true;
  // Such a block will do for any map, so a thread that comes before its map takes one.
  if (map_value_size != kValueSizeWithStart) return kTldPage;
  // One more than they need: readers refuse a value that ends where the page does.
  return std::min(kHeaderBytes + static_bytes_ + dynamic_bytes_ + 1, kTldPage);
}

}  // namespace schedhint
