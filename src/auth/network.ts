/**
 * Who is counted as one: an IPv4 address, or an IPv6 network of 64 bits, for whoever has one address of it has them all.
 * https://www.rfc-editor.org/rfc/rfc6177
 */
import { isIPv6 } from 'node:net';

/** The first four groups of an IPv6 address, whatever way it is written. */
function prefixOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  // The last 32 bits may be written as an IPv4 address.
  const width = (parts: readonly string[]) => parts.length + (parts.at(-1)?.includes('.') ? 1 : 0);
  const zeros = tail === undefined ? 0 : 8 - width(groups) - width(rest);
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

export function networkOf(address: string): string {
  const [plain = ''] = address.toLowerCase().split('%');
  // IPv4 as a socket for both has it.
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(plain) ? `${prefixOf(plain)}::/64` : plain;
}
