import { createHash } from 'node:crypto';
import { canonicalJson, type FlowConfig } from '@mft/graph';
import { extensionPath } from '@mft/metaflow-extension';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkTriggers } from '../events/check.js';
import { readAsset, type Versions } from '../assets.js';
import { readTree } from './tree.js';

/** What may be said of a rendered file. */
export interface RenderOptions {
  /** Hash of the config, where it is known already. @defaultValue computed, as `configHash` of `@mft/compiler` does */
  readonly hash?: string | undefined;
  /** ISO time of the deployment: the file then records it on the server when it runs, unless a newer one is there. @defaultValue it records nothing */
  readonly createdAt?: string | undefined;
  /** Name of the file that the text will be written to, for its own comments. @defaultValue `<flow>_worker.mjs` */
  readonly fileName?: string | undefined;
}

/**
 * Render the worker file of a flow: one ES module with the config, the workflow bundle, the Metaflow extension and all of our code.
 * Only Temporal's SDK stays outside; the file finds it when it runs. The same config and time give the same text, byte for byte.
 *
 * @throws MftError `NOT_BUILT` where this package's build is incomplete; what {@link checkTriggers} refuses
 * @example
 * ```ts
 * const config = await compileFlow('my_flow.py', { savePackage: true });
 * await writeFile('my_flow_worker.mjs', await renderWorkerFile(config));
 * ```
 */
export async function renderWorkerFile(config: FlowConfig, options: RenderOptions = {}): Promise<string> {
  await checkTriggers(config);
  const [runtime, workflows, versionsText, files] = await Promise.all([
    readAsset('worker-runtime.mjs'),
    readAsset('workflow-bundle.cjs'),
    readAsset('versions.json'),
    readTree(extensionPath()),
  ]);
  const hash = options.hash ?? sha256(canonicalJson(config));
  const versions = JSON.parse(versionsText) as Versions;
  const name = options.fileName ?? `${config.flow.name}_worker.mjs`;
  const extension = { hash: sha256(canonicalJson(files)), files };
  const installed = [dirname(dirname(fileURLToPath(import.meta.url)))];
  return [
    header(config, hash, versions, name),
    `globalThis[Symbol.for('mft.deployment')] = {`,
    `  hash: ${literal(hash)},`,
    ...(options.createdAt === undefined ? [] : [`  createdAt: ${literal(options.createdAt)},`]),
    `  versions: ${literal(versions)},`,
    `  sdk: ${literal(installed)},`,
    `  file: (await import('node:url')).fileURLToPath(import.meta.url),`,
    // In its own order, not the canonical one: steps are listed as they run.
    `  config: ${literal(config, 2)},`,
    `  extension: ${literal(extension)},`,
    `  workflows: () => ${literal(workflows)},`,
    `};`,
    '',
    runtime,
  ].join('\n');
}

function header(config: FlowConfig, hash: string, versions: Versions, name: string): string {
  const words = config.parameters.filter((p) => p.required).map((p) => ` ${p.name}=…`);
  const [work, trigger] = [`node ${name}`, `node ${name} trigger${words.join('')}`];
  const lines = [
    `${config.flow.name} on Temporal, made by mft ${versions.mft}. Made, not written: change the flow and make it again.`,
    '',
    `  ${work.padEnd(trigger.length)}   work on runs of the flow, until stopped`,
    `  ${trigger}   start a run and wait for it`,
    `  node ${name} --help`,
    '',
    `Deployment  ${config.name}, task queue ${config.taskQueue}`,
    `Config      sha256 ${hash}`,
    `Needs       Node 20.19 or later; npm install @temporalio/worker@${versions.temporal}; Python with Metaflow (made with ${config.metaflow.version})`,
  ];
  return `#!/usr/bin/env node\n/*\n${lines.map((line) => (line === '' ? ' *' : ` * ${line.replaceAll('*/', '* /')}`)).join('\n')}\n */`;
}

/** A JavaScript literal: JSON, with the two characters that end a line in JavaScript alone spelled out. */
function literal(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
