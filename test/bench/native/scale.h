#pragma once
// Binds and rebinds many native threads, by direct system calls and through the registry, and
// counts the pages that their blocks occupy.

#include <cstdint>
#include <string>

// Measures how long it takes to bind each of `count` threads that live at the same time, in
// nanoseconds: half of them by three system calls (pidfd_open, bpf, close), half through the
// registry. 0 or -errno.
int BindBothWays(const std::string& map, int map_fd, uint32_t count, double* by_hand,
                 double* by_registry);

// Threads that stay bound until LetGo(). 0 or -errno.
int KeepBound(const std::string& map, uint32_t count);
void LetGo();
// Until each of them is bound to the map of that id, pinned at `next`, which takes the place of the
// pin; nanoseconds or -errno.
int64_t Rebind(const std::string& next, const std::string& map, uint32_t map_id);
// The three calls for each of them; nanoseconds in all, or negative.
int64_t RebindByHand(int map_fd);
// How many pages their blocks lie in: what the kernel has pinned for them.
uint32_t PagesOfBlocks();
