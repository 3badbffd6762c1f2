// Calls what applications call, needs no permission for itself, and says what came of it.

import { attachThread, deadlineIn, startGcHints, trackRequests } from 'schedhint';
import { layered, tld, uptr } from 'schedhint/channels';

const thread = attachThread({ channel: uptr({ map: '/nonexistent/uptr' }) });
thread.hints.set({ urgency: 900, deadlineNs: deadlineIn(20) });
attachThread().hints.urgency = 800;
const others = [
  layered({ map: '/nonexistent/layered' }),
  tld({ map: '/nonexistent/tld', keys: {} }),
].map((channel) => attachThread({ channel }));
const tracker = trackRequests();
const request = tracker.begin({ urgency: 950 });
console.log(
  JSON.stringify({
    source: startGcHints().source,
    urgency: thread.hints.urgency,
    inFlight: tracker.inFlight,
    codes: [thread, ...others].map(({ status }) => status.code),
    reason: thread.status.reason,
  }),
);
request.end();
