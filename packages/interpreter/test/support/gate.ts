/** Holds up whoever comes to it until it is opened. */
export interface Gate {
  readonly open: () => void;
  /** Resolves once the gate is open. */
  readonly pass: () => Promise<void>;
}

/** Milliseconds: an activity that waits without heartbeats is taken for lost after 30 s. */
const PATIENCE = 20_000;

/**
 * A gate that is closed. Where nobody opens it, it opens by itself some time after the first one came, so that a test which waits in
 * vain fails by what it finds.
 */
export function createGate(): Gate {
  let resolve!: () => void;
  let timer: NodeJS.Timeout | undefined;
  const opened = new Promise<void>((tell) => (resolve = tell));
  const open = () => {
    clearTimeout(timer);
    resolve();
  };
  const pass = () => {
    timer ??= setTimeout(open, PATIENCE);
    return opened;
  };
  return { open, pass };
}
