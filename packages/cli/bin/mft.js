#!/usr/bin/env node
// A file of its own, there before the first build, so that npm links the command when it installs a fresh clone.
import '../dist/bin.js';
