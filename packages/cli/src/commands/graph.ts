import { toDot, toMermaid, type FlowGraph } from '@mft/graph';
import { flowFile } from '../argv.js';
import type { Context, Result } from '../context.js';
import { readFlow, type CompileFlags } from '../flow.js';

/** Flags of `mft graph`. */
export interface GraphFlags extends CompileFlags {
  readonly format: 'mermaid' | 'dot' | 'json';
}

const FORMATS: Readonly<Record<GraphFlags['format'], (graph: FlowGraph) => string>> = {
  mermaid: toMermaid,
  dot: toDot,
  json: (graph) => JSON.stringify(graph, null, 2),
};

/**
 * `mft graph`: the graph of a flow, as Metaflow itself sees it.
 *
 * @throws MftError as {@link readFlow}
 */
export async function graph(words: readonly string[], flags: GraphFlags, context: Context): Promise<Result> {
  const { config } = await readFlow(flowFile('graph', words), flags, context);
  return { text: FORMATS[flags.format](config.plan.graph), json: config.plan.graph };
}
