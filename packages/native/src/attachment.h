#pragma once

#include <napi.h>

namespace schedhint {

// Exports what native.ts declares as attach() and the functions that take what it returns.
void ExportAttachments(Napi::Env env, Napi::Object exports);

}  // namespace schedhint
