/**
 * Send a signal to a whole process group. A group that is gone already is what was wanted.
 *
 * @param leader - process id of the group's leader; the group has the same id.
 * @returns whether the group was there.
 *
 * @example
 * ```ts
 * signalGroup(4711, 'SIGKILL');
 * ```
 */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  // 0 and 1 would address our own group and every process there is.
  if (!Number.isInteger(leader) || leader <= 1) return false;
  try {
    process.kill(-leader, signal);
    return true;
  } catch (error) {
    // ESRCH: gone. EPERM: its id belongs to somebody else's processes by now.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}
