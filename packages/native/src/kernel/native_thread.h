#pragma once
// Starts the native threads that the addon runs, outside of libuv's thread pool.

namespace schedhint {

// A detached thread with a small stack and every signal blocked: those are the application's.
bool StartNativeThread(const char* name, void (*run)(void*), void* argument);

}  // namespace schedhint
