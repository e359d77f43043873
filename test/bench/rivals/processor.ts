/** Processor time of whole process trees, which the noise of a shared machine touches less than the clock. proc_pid_stat(5) */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Linux's USER_HZ is 100 on every platform that Node runs on. */
const millisecondsPerTick = 10;

const poll = 200;
const quiet = 0.05;
const patience = 4000;

/** The processes and all of their descendants. */
function tree(roots: readonly number[]): readonly number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const found = new Set(roots);
  // Twice: a child may be listed before its parent when process ids have wrapped around.
  for (let pass = 0; pass < 2; pass += 1) for (const [pid, parent] of rows) if (found.has(parent)) found.add(pid);
  return [...found];
}

function ticks(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold blanks. utime, stime, and those of children that have ended and were waited for.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
  } catch {
    return 0;
  }
}

/** Milliseconds that the processes and their descendants have used since they began. */
export function processorTime(roots: readonly number[]): number {
  return tree(roots).reduce((sum, pid) => sum + ticks(pid), 0) * millisecondsPerTick;
}

/** Waits until the processes do next to nothing (what they do behind their answers is theirs too), or some seconds. */
export async function settled(roots: readonly number[]): Promise<void> {
  let before = processorTime(roots);
  for (let waited = 0; waited < patience; waited += poll) {
    await sleep(poll);
    const now = processorTime(roots);
    if (now - before <= quiet * poll) return;
    before = now;
  }
}
