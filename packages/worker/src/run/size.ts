import { MftError, withDeployedDefaults, type FlowConfig } from '@mft/graph';

/** Bytes. Temporal takes 2 MiB a payload; the values travel on with a few fields more, and a data converter may add to them. */
const MOST = 1_900_000;

/**
 * Refuse parameters that are too large for Temporal, before a run is started: the server would accept some of them and fail the run
 * later, without a word about the parameter.
 *
 * @param params - values as `checkParameters` of `@mft/graph` returns them
 * @throws MftError `PARAMETERS_TOO_LARGE`
 * @example
 * ```ts
 * checkSize(config, { text: 'x'.repeat(3_000_000) }); // throws
 * ```
 */
export function checkSize(config: FlowConfig, params: Readonly<Record<string, unknown>>): void {
  const sizes = Object.entries(withDeployedDefaults(config.parameters, params)).map(([name, value]) => ({
    name,
    bytes: Buffer.byteLength(JSON.stringify(value)) + name.length + 4,
  }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= MOST) return;
  const { name, bytes } = sizes.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  throw new MftError(
    'PARAMETERS_TOO_LARGE',
    `The parameters take ${megabytes(total)}, "${name}" alone ${megabytes(bytes)}; Temporal carries ${megabytes(MOST)} to a run.`,
    { hint: `Declare "${name}" as an IncludeFile: its content goes to the datastore, whatever its size.` },
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
