/**
 * How a step ends, in Metaflow's words. The step that starts a flow is of whatever type its `self.next` makes it;
 * only the last step of a flow is an `end`.
 */
export type NodeType = 'linear' | 'split' | 'foreach' | 'parallel' | 'switch' | 'join' | 'end';

/** One step of a flow. */
export interface FlowNode {
  readonly name: string;
  readonly type: NodeType;
  /** Steps that `self.next` names, in its order. Empty for `end`. */
  readonly next: readonly string[];
  /** For `split`, `foreach` and `parallel`: the join that closes what this step opens. */
  readonly join?: string;
  /** For `switch`: case to step. */
  readonly cases?: Readonly<Record<string, string>>;
  /** For `switch`: the artifact that chooses. */
  readonly condition?: string;
  /** For `foreach`: the artifact that is iterated over. */
  readonly foreachVar?: string;
  /** First lines of the step's docstring. */
  readonly doc?: string;
}

/**
 * The graph of a flow, as Metaflow itself sees it (never read from source text by us).
 * `nodes` is in topological order, loops ignored.
 */
export interface FlowGraph {
  readonly name: string;
  readonly doc?: string;
  readonly start: string;
  readonly end: string;
  readonly nodes: Readonly<Record<string, FlowNode>>;
}
