#pragma once
// Makes two threads wake each other, to cause context switches, and reads the run time that the
// kernel has measured for a BPF program.

#include <cstdint>
#include <string>

// Two threads wake each other in turn, of which `bound` are bound to the map. 0 or -errno.
int SwitchBetween(const std::string& map, uint32_t bound, uint32_t rounds);

// From now on the kernel measures BPF programs, until the descriptor is closed; or -errno.
int EnableRunTimeStatistics();
// Of the newest program of that name (the kernel has 15 characters of it). False: not found.
bool RunTimeOf(const char* program, uint64_t* ns, uint64_t* runs);
