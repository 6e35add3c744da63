import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';

const MEMORY = '/dev/shm';

/**
 * Where datastores, databases and temporary files of all contenders lie while they are measured. A disk makes figures those of its file system:
 * on ext4 a new file costs up to half a millisecond for minutes after many were removed, and a task makes some forty, whoever runs it.
 *
 * @param {string} [given] a folder; default: in memory where there is such a place, else the system's folder for temporary files
 * @returns {string} the folder that was chosen, which this process and those that it starts now use for temporary files
 */
export function settle(given) {
  process.env.TMPDIR = given ?? (writable(MEMORY) ? MEMORY : tmpdir());
  return process.env.TMPDIR;
}

/** @param {string} folder */
function writable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
