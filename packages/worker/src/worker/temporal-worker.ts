import { MftError } from '@mft/graph';
import type { LoadedDataConverter } from '@temporalio/common';
import type { Worker, WorkerOptions } from '@temporalio/worker';
import { namespaceNotFound } from '../run/start.js';

/** A Temporal Worker's options where the data converter is loaded and the workflows are bundled. */
export interface TemporalWorkerOptions extends Omit<WorkerOptions, 'dataConverter' | 'workflowBundle'> {
  readonly workflowBundle: { readonly code: string };
  /** As `loadDataConverter` gives it. */
  readonly dataConverter?: LoadedDataConverter | undefined;
}

/**
 * Make a Temporal Worker, with a data converter where one is given.
 *
 * @throws MftError `NAMESPACE_NOT_FOUND`, `DATA_CONVERTER_UNSUPPORTED` where the workflow bundle would leave failures in plain text
 * @example
 * ```ts
 * const { connection, namespace, dataConverter } = await connectWorker({ dataConverter: './encryption.mjs' });
 * const workflowBundle = await prebuiltWorkflowBundle();
 * await createTemporalWorker({ connection, namespace, dataConverter, taskQueue, workflowBundle, activities });
 * ```
 */
export async function createTemporalWorker(options: TemporalWorkerOptions): Promise<Worker> {
  const { Worker } = await import('@temporalio/worker');
  const { dataConverter, workflowBundle, ...rest } = options;
  try {
    if (dataConverter === undefined) return await Worker.create({ ...rest, workflowBundle });
    const worker = await Worker.create({
      ...rest,
      workflowBundle: encodingFailures(workflowBundle),
      dataConverter: { payloadCodecs: dataConverter.payloadCodecs },
    });
    // Worker.create takes a failure converter as the path of a module only, and there is none beside a generated worker file.
    worker.options.loadedDataConverter.failureConverter = dataConverter.failureConverter;
    return worker;
  } catch (error) {
    // Told by a native error, of which the text is all there is.
    if (/^Namespace .* was not found/.test((error as Error).message))
      throw namespaceNotFound(options.namespace ?? 'default', error);
    throw error;
  }
}

/** What `failure-converter` of @mft/interpreter, which is in the bundle, says and may be made to say. */
const PLAIN = 'mft:failures=plain';
const ENCODED = 'mft:failures=encoded';

function encodingFailures({ code }: { readonly code: string }): { code: string } {
  if (code.includes(PLAIN)) return { code: code.replaceAll(PLAIN, ENCODED) };
  throw new MftError(
    'DATA_CONVERTER_UNSUPPORTED',
    'This workflow bundle would leave the messages of failures in plain text.',
    { hint: 'Bundle it with failureConverterPath: @mft/interpreter/failure-converter.' },
  );
}
