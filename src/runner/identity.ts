/** Telling a process from a later one with the same number: by its start, and the start of the machine. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ProcessIdentity } from '../store/rows.js';

export function ownIdentity(): ProcessIdentity {
  const pidNamespace = ownNamespace();
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? '', bootId: bootId(), host: hostname(), ...(pidNamespace === null ? {} : { pidNamespace }) };
}

/**
 * A file name that stands for a process of a host: digests of the host's name and, since the numbers of processes come again, of when it
 * started, with its number between them.
 */
export function markOf(pid: number): string {
  return `${hostMark()}-${pid}-${digest(`${startTimeOf(pid) ?? 'ended'} ${bootId()}`)}`;
}

/** Whether a name begins with the mark of a process of this host that has ended. Of another host's, or a container's, only that one can say it. */
export function isMarkOfEnded(name: string): boolean {
  const [host, number] = name.split('-', 2);
  const pid = Number(number);
  return host === hostMark() && (startTimeOf(pid) === null || !name.startsWith(markOf(pid)));
}

function hostMark(): string {
  return digest(hostname());
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Whether that very process runs; one that has ended and only waits to be collected does not. */
export function isAlive({ pid, startTime, bootId: boot, pidNamespace }: ProcessIdentity): boolean {
  return boot === bootId() && (pidNamespace === undefined || pidNamespace === ownNamespace()) && startTimeOf(pid) === startTime;
}

/**
 * Whether the process belongs to another machine that shares the home, or to another container of this one, which counts its own processes: only
 * there can be said whether it lives. A container of this name that counts anew was started again, and what ran in it has ended.
 */
export function isElsewhere({ host, bootId: boot, pidNamespace }: ProcessIdentity): boolean {
  if (host === undefined || host === hostname()) return false;
  return boot !== bootId() || (pidNamespace !== undefined && pidNamespace !== ownNamespace());
}

/** Whether the process may still do something to its run: it lives, or nobody here can say that it does not. */
export function mayLive(identity: ProcessIdentity): boolean {
  return isElsewhere(identity) || isAlive(identity);
}

/** Whether the machine has been started again since. */
export function isOfEarlierBoot(identity: ProcessIdentity): boolean {
  return identity.bootId !== bootId();
}

/** When a process started, in the words of the system; null when it does not run. */
function startTimeOf(pid: number): string | null {
  try {
    return process.platform === 'linux' ? fromProc(readFileSync(`/proc/${pid}/stat`, 'latin1')) : fromPs(pid);
  } catch {
    return null;
  }
}

/** proc(5): after the command in brackets, which may hold anything, come state (3rd) and start time in ticks (22nd). */
function fromProc(stat: string): string | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  return state === 'Z' || state === 'X' ? null : fields[22 - 3];
}

/** macOS has no /proc. */
function fromPs(pid: number): string | null {
  const [state, ...start] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim().split(/\s+/);
  return state.startsWith('Z') ? null : start.join(' ');
}

/** pid_namespaces(7): processes that are in the same one have the same link. Null where the system has none. */
function ownNamespace(): string | null {
  return process.platform === 'linux' ? readlinkSync('/proc/self/ns/pid') : null;
}

let cachedBootId: string | null = null;

function bootId(): string {
  cachedBootId ??= process.platform === 'linux' ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() : execFileSync('sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' }).trim();
  return cachedBootId;
}
