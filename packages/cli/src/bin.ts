#!/usr/bin/env node
import { holdSignals } from './interrupts.js';

const deliver = holdSignals();
const { main } = await import('./main.js');

// A reader that has seen enough (`mft graph f.py | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exit(await main(process.argv.slice(2), process, deliver));
