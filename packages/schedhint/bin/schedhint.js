#!/usr/bin/env node
// Committed, and apart from what is built: npm links a command only where it finds one.
import '../dist/esm/cli/main.js';
