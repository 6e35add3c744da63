import type { FlowConfig } from '@mft/graph';
import { unpackDeployment, type DeploymentMemo } from '../deployment/packing.js';
import type { ReadOptions } from '../deployment/record.js';

/** A publisher may live for as long as its worker, and see any number of versions. */
const MOST = 500;

/** Configs of deployments by hash: those that were used last. */
export class Configs {
  readonly #most: number;
  readonly #known = new Map<string, Promise<FlowConfig>>();

  /** @param most - how many are kept. @defaultValue 500 */
  constructor(most = MOST) {
    this.#most = most;
  }

  /** How many are kept now. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * The config of a memo, unpacked once for as long as it is kept.
   *
   * @throws as `unpackDeployment`; asked again, it tries again
   */
  of(memo: DeploymentMemo, options: ReadOptions): Promise<FlowConfig> {
    const { configHash } = memo;
    const config = this.#known.get(configHash) ?? this.#unpack(memo, options);
    // A map keeps the order in which keys were set: the first is the one that was not used for longest.
    this.#known.delete(configHash);
    this.#known.set(configHash, config);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#most) break;
      this.#known.delete(oldest);
    }
    return config;
  }

  #unpack(memo: DeploymentMemo, options: ReadOptions): Promise<FlowConfig> {
    const config = unpackDeployment(memo, options);
    config.catch(() => {
      if (this.#known.get(memo.configHash) === config) this.#known.delete(memo.configHash);
    });
    return config;
  }
}
