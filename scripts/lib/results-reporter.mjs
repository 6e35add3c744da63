import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Where the results of a run of vitest are left, below the folder it ran in; nobody keeps that file. */
export const RESULTS = 'node_modules/.vitest/results.json';

/** Lines of an error that are kept: enough for the assertion, its difference and the first frames. */
const LINES = 40;

/** Frames that say nothing of what was tested. */
const RUNNER = /^\s+at .*\/node_modules\/@?vitest\/|^\s+at (?:new Promise \(<anonymous>\)|process\.|listOnTimeout)/;

/** Writes down what a run of vitest came to, for `results.mjs`: how many tests ended how, and what failed, with the reason. */
// eslint-disable-next-line no-restricted-syntax -- vitest loads a reporter by its default export.
export default class Results {
  /** @param {import('vitest/node').Vitest} vitest */
  onInit(vitest) {
    this.outputFile = path.join(vitest.config.root, RESULTS);
  }

  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly import('vitest').TestError[]} unhandled - thrown outside of any test
   */
  onTestRunEnd(modules, unhandled) {
    const results = {
      passed: 0,
      failed: 0,
      skipped: 0,
      failures: unhandled.map((one) => failure('outside of any test', [one])),
    };
    for (const module of modules) {
      const file = path.basename(module.moduleId);
      const suites = [module, ...module.children.allSuites()];
      for (const suite of suites) {
        if (suite.errors().length > 0) results.failures.push(failure(`${file}: around its tests`, suite.errors()));
      }
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'passed' || state === 'failed') results[state] += 1;
        else results.skipped += 1;
        if (state === 'failed') results.failures.push(failure(`${file}: ${test.fullName}`, errors));
      }
    }
    // What failed outside of a test is a failure like those inside.
    results.failed = results.failures.length;
    mkdirSync(path.dirname(this.outputFile), { recursive: true });
    writeFileSync(this.outputFile, JSON.stringify(results));
  }
}

/**
 * @param {string} name
 * @param {readonly { message?: string, stack?: string, diff?: string }[] | undefined} errors
 * @returns {{ name: string, why: string }}
 */
function failure(name, errors = []) {
  const lines = errors
    .flatMap((one) => [one.stack ?? one.message ?? String(one), one.diff ?? ''])
    .join('\n')
    .split('\n');
  const telling = lines
    .map((line) => stripVTControlCharacters(line))
    .filter((line) => line.trim() !== '' && !RUNNER.test(line));
  const why = telling.slice(0, LINES);
  return { name, why: why.join('\n') };
}
