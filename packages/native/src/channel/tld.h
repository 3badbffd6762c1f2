#pragma once
// The kernel's "task local data" protocol (tools/testing/selftests/bpf/.../task_local_data.h), as
// user space speaks it: a page of names for the process, and values for each thread at the same
// offsets. BPF finds a value by its name once for each thread, and remembers where it was. So
// names are only ever added, and the values of a live thread never move: tld_blocks.h.

#include <cstdint>
#include <string>
#include <vector>

#include "channel/channel_spec.h"
#include "memory/block_set.h"
#include "memory/page_pool.h"

namespace schedhint {

constexpr size_t kTldDataSlot = 0;
constexpr size_t kTldMetadataSlot = 1;

// The size of the map's value shows its layout: 16 bytes, where a thread's values begin where the
// first 8 bytes of its page say; 24 in newer kernels, where the element says it.
bool IsTldValueSize(uint32_t value_size);

// Whether a reader's struct of names can be ours. Its size says how long the names are that the
// reader was built with (TLD_NAME_LEN), and so where it looks for them. Some lengths have the same
// size as ours; a size that no length has is the struct of a reader that looks for no names.
bool MayBeTldMetadata(uint32_t struct_size);

// Before anybody can see the block.
void WriteTldStart(const Block& data);

// The element of a thread. False where the map needs a page for each, and this one shares its page.
bool FillTldValue(const Element& element, std::vector<uint8_t>* value);

// The process's page of names. Not synchronized, but for its readers in BPF.
class TldMetadata {
 public:
  explicit TldMetadata(PagePool* pool) : pool_(pool) {}
  TldMetadata(const TldMetadata&) = delete;
  TldMetadata& operator=(const TldMetadata&) = delete;

  // Made when it is first asked for, never given back; a null address and errno where it can't be.
  const Block& Page();
  bool has_page() const { return page_.address != nullptr; }
  // Finds or makes keys, all or none. 0 and their places in `offsets`; or -EEXIST, -E2BIG or
  // -ENOSPC and in offsets[0] the index of the key that it is for, or -ENOMEM.
  int Keys(const schedhint_tld_key* keys, size_t count, uint32_t dynamic_bytes, uint32_t* offsets);
  // How many bytes are left for the values of keys that are made now.
  uint32_t Room() const { return MostBytes() - end_; }
  // How large a thread's block is, for a map whose value has that size (0: not known yet). The
  // room for values is that of this moment from then on.
  uint32_t BlockBytes(uint32_t map_value_size);

 private:
  struct Known {
    std::string name;
    uint32_t size;
    uint32_t offset;
  };

  // The keys as they will be. Nothing of it is published yet.
  struct Draft {
    std::vector<Known> keys;
    uint32_t end;
    uint32_t static_bytes;
    uint32_t dynamic_bytes;
  };

  uint32_t MostBytes() const;
  int Plan(const schedhint_tld_key& key, Draft* draft, uint32_t* offset) const;
  void Publish(const Draft& draft);

  PagePool* pool_;
  Block page_;
  std::vector<Known> keys_;
  uint32_t end_ = 0;            // of the last key's value
  uint32_t static_bytes_ = 0;   // of keys that were made before the first thread had its values
  uint32_t dynamic_bytes_ = 0;  // for later ones
  bool is_laid_out_ = false;
};

}  // namespace schedhint
