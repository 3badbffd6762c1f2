#pragma once

// Many native threads create keys of task local data at the same time, in many rounds. Aborts where
// two values overlap, or one name has two places.
void CreateKeysAtOnce();
