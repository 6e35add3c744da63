#!/usr/bin/env node
/*
 * node e2e/bench/plot.mjs: draws docs/images/benchmark.svg, time against width, from bench-results.json, which must hold several widths. The
 * library that draws is installed into an environment of its own, once a machine.
 */
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { pythonWith } from '../../scripts/lib/venv.mjs';
import { versions } from './lib/machine.mjs';

const python = await pythonWith(versions().metaflow, 'python3', ['matplotlib']);
const here = import.meta.dirname;
const drawn = path.join(ROOT, 'docs/images/benchmark.svg');
process.exitCode = await run(python, [path.join(here, 'plot.py'), path.join(here, 'bench-results.json'), drawn]);
